package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.Lora;
import dev.lizard.model.LoraSpec;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A decoder between teacher and student: the new parameters of the layers that are replaced, and the change from one to
 * the other. All new parameters lie in one buffer, the frozen ones too, so that a checkpoint of any stage has them all.
 */
final class Student implements AutoCloseable {
    private final Decoder decoder;
    private final SortedMap<Integer, MixerSpec> specs;
    private final SortedMap<Integer, Mixer> teachers = new TreeMap<>();
    private final long seed;
    private SortedMap<Integer, Mixer> mixers = new TreeMap<>();
    private ParameterBuffer buffer;
    private Map<String, String> groups = new LinkedHashMap<>();
    private Optional<LoraSpec> lora = Optional.empty();

    /** A student whose new parameters have their initial values; the decoder stays the teacher for now. */
    Student(Decoder decoder, SortedMap<Integer, MixerSpec> specs, long seed) {
        this.decoder = decoder;
        this.specs = specs;
        this.seed = seed;
        specs.keySet().forEach(layer -> teachers.put(layer, decoder.mixer(layer)));
        try (Scope work = Scope.open()) {
            List<ParameterBuffer.Entry> entries = initial();
            entries.forEach(entry -> groups.put(entry.name(), entry.group()));
            buffer = new ParameterBuffer(entries, plain(), decoder.device());
        }
        mixers = mixers(specs);
    }

    /** The name that a layer's parameter has in {@code lizard.safetensors}. */
    static String name(int layer, String parameter) {
        return "model.layers." + layer + ".self_attn." + parameter;
    }

    private List<ParameterBuffer.Entry> initial() {
        List<ParameterBuffer.Entry> entries = new ArrayList<>();
        specs.forEach((layer, spec) -> {
            RandomStream random = RandomStream.named(seed, "mixer/" + layer);
            for (MixerSpec.Parameter parameter : spec.initial(decoder.headDims(), random)) {
                entries.add(new ParameterBuffer.Entry(
                        name(layer, parameter.name()), parameter.initial(), parameter.group()));
            }
        });
        return entries;
    }

    private List<ParameterBuffer.Group> plain() {
        return new TreeSet<>(groups.values())
                .stream().map(name -> new ParameterBuffer.Group(name, 1, 0)).toList();
    }

    /** The groups that a recipe may name. */
    private Set<String> groupNames() {
        Set<String> names = new TreeSet<>(groups.values());
        names.add(StageRecipe.ALL);
        names.add(StageRecipe.LORA);
        return names;
    }

    /**
     * Gets ready for a stage: its low-rank updates are added if they are new, its groups get their rates, and all other
     * parameters are frozen. Values stay as they are; leaves and mixers are new.
     *
     * @param where the recipe and the stage's key, for messages
     * @throws LizardException USAGE for a group or a LoRA target that does not exist, naming the nearest
     */
    ParameterBuffer prepare(StageRecipe stage, String where) {
        check(stage, where);
        try (Scope work = Scope.open()) {
            List<ParameterBuffer.Entry> entries = new ArrayList<>();
            buffer.parameters()
                    .forEach((name, leaf) ->
                            entries.add(new ParameterBuffer.Entry(name, leaf.detach(), groups.getOrDefault(name, ""))));
            LoraSpec updates = stage.lora();
            if (updates != null && lora.isEmpty()) {
                entries.addAll(
                        Lora.initial(decoder, updates, RandomStream.named(seed, StageRecipe.LORA), StageRecipe.LORA));
                entries.forEach(entry -> groups.put(entry.name(), entry.group()));
                lora = Optional.of(updates);
            }
            List<ParameterBuffer.Group> rates = new TreeSet<>(groups.values())
                    .stream()
                            .map(group -> new ParameterBuffer.Group(
                                    group,
                                    trains(stage, group) ? stage.groupRates().getOrDefault(group, 1.0) : 0,
                                    trains(stage, group) ? stage.weightDecay() : 0))
                            .toList();
            ParameterBuffer next = new ParameterBuffer(entries, rates, decoder.device());
            buffer.close();
            buffer = next;
        }
        buffer.parameters().forEach((name, leaf) -> leaf.requiresGrad(trains(stage, groups.getOrDefault(name, ""))));
        mixers = mixers(specs);
        return buffer;
    }

    /** Whether a stage moves a group. */
    static boolean trains(StageRecipe stage, String group) {
        return stage.trains().contains(group)
                || (stage.trains().contains(StageRecipe.ALL) && !group.equals(StageRecipe.LORA));
    }

    /**
     * @throws LizardException USAGE for a group that does not exist, naming the nearest, or a second kind of LoRA
     */
    void check(StageRecipe stage, String where) {
        Set<String> known = groupNames();
        Set<String> named = new TreeSet<>(stage.trains());
        named.addAll(stage.groupRates().keySet());
        for (String group : named) {
            if (!known.contains(group)) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "unknown group of parameters",
                        where + "/trains",
                        "one of " + String.join(", ", known),
                        "'" + group + "'",
                        Nearest.hint(group, known));
            }
        }
        boolean moves = Stream.concat(groups.values().stream(), Stream.of(StageRecipe.LORA))
                .anyMatch(group -> trains(stage, group) && stage.groupRates().getOrDefault(group, 1.0) > 0);
        if (!moves) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "a stage that trains nothing",
                    where + "/trains",
                    groups.isEmpty() ? "lora, for the mixer has no parameters" : "groups with parameters and a rate",
                    stage.trains(),
                    "name others, or take the stage out");
        }
        LoraSpec updates = stage.lora();
        if (updates != null && lora.isPresent() && !lora.get().equals(updates)) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "second kind of LoRA",
                    where + "/lora",
                    lora.get().toString(),
                    updates,
                    "use the same in all stages");
        }
    }

    private SortedMap<Integer, Mixer> mixers(SortedMap<Integer, MixerSpec> kinds) {
        SortedMap<Integer, Mixer> made = new TreeMap<>();
        kinds.forEach((layer, spec) -> {
            Map<String, Tensor> own = new LinkedHashMap<>();
            String prefix = name(layer, "");
            buffer.parameters().forEach((name, leaf) -> {
                if (name.startsWith(prefix) && !name.contains(".lora_")) {
                    own.put(name.substring(prefix.length()), leaf);
                }
            });
            made.put(layer, spec.create(decoder.headDims(), own));
        });
        return made;
    }

    /** The new mixers by layer. */
    SortedMap<Integer, Mixer> mixers() {
        return mixers;
    }

    /** The mixers they replace. */
    SortedMap<Integer, Mixer> teachers() {
        return teachers;
    }

    /** All new parameters; another one after each {@link #prepare}. */
    ParameterBuffer buffer() {
        return buffer;
    }

    /** The kinds of the new mixers, in order of layers. */
    List<MixerSpec> specs() {
        return List.copyOf(specs.values());
    }

    /** How many numbers each group has. */
    Map<String, Long> countByGroup() {
        Map<String, Long> counts = new TreeMap<>();
        buffer.parameters()
                .forEach((name, leaf) -> counts.merge(groups.getOrDefault(name, ""), leaf.count(), Long::sum));
        return counts;
    }

    /** What a stage minimises, over the parameters as they were prepared for it. */
    Objective objective(StageRecipe stage) {
        return switch (stage.loss()) {
            case ATTENTION_MSE -> new AttentionTransfer(decoder, mixers, teachers, buffer, stage.lossScale());
            case NEXT_TOKEN ->
                stage.teacherKl() > 0
                        ? new DistilledNextToken(decoder, this, stage.teacherKl(), stage.recompute())
                        : new NextToken(decoder, buffer, stage.recompute());
        };
    }

    /** Gives the decoder the mixers that it has while the stage trains. */
    void seat(StageRecipe stage) {
        boolean teacher = stage.loss() == StageRecipe.Loss.ATTENTION_MSE && stage.input() == StageRecipe.Input.TEACHER;
        if (teacher) {
            leave();
        } else {
            enter();
        }
    }

    /** Makes the decoder the student. */
    void enter() {
        enter(mixers);
    }

    private void enter(SortedMap<Integer, Mixer> those) {
        those.forEach(decoder::replaceMixer);
        lora.ifPresent(spec -> Lora.attach(decoder, spec, buffer.parameters()));
    }

    /** Makes the decoder the student with one of its branches only; false where the mixer has no branches. */
    boolean enter(LizardSpec.Branches only) {
        SortedMap<Integer, MixerSpec> kinds = new TreeMap<>();
        specs.forEach((layer, spec) -> spec.only(only).ifPresent(alone -> kinds.put(layer, alone)));
        if (kinds.size() == specs.size()) {
            enter(mixers(kinds));
            return true;
        }
        return false;
    }

    /** Makes the decoder the teacher. */
    void leave() {
        teachers.forEach(decoder::replaceMixer);
        Lora.detach(decoder);
    }

    /** The decoder goes back to being the teacher. */
    @Override
    public void close() {
        leave();
        buffer.close();
    }
}
