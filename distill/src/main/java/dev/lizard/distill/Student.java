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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
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
    private final Set<String> base = new LinkedHashSet<>();
    private Optional<LoraSpec> lora = Optional.empty();

    /** A student whose new parameters have their initial values; the decoder stays the teacher for now. */
    Student(Decoder decoder, SortedMap<Integer, MixerSpec> specs, long seed) {
        this(decoder, specs, seed, List.of());
    }

    /** One that does not take over some of the decoder's weights, which it has in {@code fresh} instead. */
    Student(Decoder decoder, SortedMap<Integer, MixerSpec> specs, long seed, List<ParameterBuffer.Entry> fresh) {
        this.decoder = decoder;
        this.specs = specs;
        this.seed = seed;
        specs.keySet().forEach(layer -> teachers.put(layer, decoder.mixer(layer)));
        try (Scope work = Scope.open()) {
            List<ParameterBuffer.Entry> entries = initial();
            entries.addAll(fresh);
            fresh.forEach(entry -> base.add(entry.name()));
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

    /** The groups of mixers that a recipe may name. */
    private Set<String> groupNames() {
        Set<String> names = new TreeSet<>(groups.values());
        names.removeIf(BaseWeights::isGroup);
        names.remove(Trained.LORA);
        names.add(Trained.ALL);
        return names;
    }

    /**
     * Gets ready for a stage: its low-rank updates and copies of the weights it trains are added if they are new, its
     * groups get their rates, and all other parameters are frozen. Values stay as they are; leaves and mixers are new,
     * and the decoder is the teacher.
     *
     * @param where the recipe and the stage's key, for messages
     * @throws LizardException USAGE for a group, a LoRA target or a weight that does not exist, naming the nearest
     */
    ParameterBuffer prepare(StageRecipe stage, String where) {
        leave();
        check(stage, where);
        try (Scope work = Scope.open()) {
            List<ParameterBuffer.Entry> entries = new ArrayList<>();
            buffer.parameters()
                    .forEach((name, leaf) ->
                            entries.add(new ParameterBuffer.Entry(name, leaf.detach(), groups.getOrDefault(name, ""))));
            LoraSpec updates = stage.train().lora();
            if (updates != null && lora.isEmpty()) {
                entries.addAll(Lora.initial(decoder, updates, RandomStream.named(seed, Trained.LORA), Trained.LORA));
                lora = Optional.of(updates);
            }
            Map<String, Tensor> moved = baseWeights(stage, where);
            base.forEach(name -> groups.put(name, BaseWeights.FROZEN));
            moved.forEach((name, weight) -> groups.put(name, BaseWeights.group(name, weight)));
            moved.forEach((name, weight) -> {
                if (base.add(name)) {
                    entries.add(new ParameterBuffer.Entry(name, weight, ""));
                }
            });
            entries.forEach(entry -> groups.putIfAbsent(entry.name(), entry.group()));
            entries.replaceAll(entry ->
                    new ParameterBuffer.Entry(entry.name(), entry.initial(), groups.getOrDefault(entry.name(), "")));
            List<ParameterBuffer.Group> rates = new TreeSet<>(groups.values())
                    .stream().map(group -> rate(stage, group)).toList();
            ParameterBuffer next = new ParameterBuffer(entries, rates, decoder.device());
            buffer.close();
            buffer = next;
        }
        buffer.parameters().forEach((name, leaf) -> leaf.requiresGrad(moves(stage, name)));
        mixers = mixers(specs);
        return buffer;
    }

    /** Whether a stage moves a parameter. */
    private boolean moves(StageRecipe stage, String parameter) {
        return stage.train().moves(groups.getOrDefault(parameter, ""));
    }

    private static ParameterBuffer.Group rate(StageRecipe stage, String group) {
        if (!stage.train().moves(group)) {
            return new ParameterBuffer.Group(group, 0, 0);
        }
        StageRecipe.Group own = stage.group(group);
        Double decay = own.weightDecay();
        return new ParameterBuffer.Group(group, own.rate(), decay == null ? stage.weightDecay() : decay);
    }

    /** The model's own weights that a stage trains. */
    Map<String, Tensor> baseWeights(StageRecipe stage, String where) {
        String key = where + "/train.base";
        Map<String, Tensor> named = BaseWeights.named(stage.train().patterns(), decoder.weights(), key);
        if (stage.loss().place() == Loss.Place.BLOCK) {
            BaseWeights.requireInBlocks(named.keySet(), key);
        }
        return named;
    }

    /**
     * @throws LizardException USAGE for a group or a weight that does not exist, naming the nearest, or a second kind of
     *     LoRA
     */
    void check(StageRecipe stage, String where) {
        Set<String> known = groupNames();
        for (String group : stage.train().groups()) {
            requireGroup(group, known, where + "/train.mixer");
        }
        for (String group : stage.groups().keySet()) {
            if (!group.equals(Trained.LORA) && !BaseWeights.isGroup(group)) {
                requireGroup(group, known, where + "/groups");
            }
        }
        baseWeights(stage, where);
        boolean moves = Stream.concat(groups.values().stream(), BaseWeights.AND_LORA.stream())
                .anyMatch(group -> rate(stage, group).rate() > 0);
        if (!moves) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "a stage that trains nothing",
                    where + "/train",
                    known.size() == 1
                            ? "lora or base, for the mixer has no parameters"
                            : "groups with parameters and a rate",
                    stage.train(),
                    "name others, or take the stage out");
        }
        LoraSpec updates = stage.train().lora();
        if (updates != null && lora.isPresent() && !lora.get().equals(updates)) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "second kind of LoRA",
                    where + "/train.lora",
                    lora.get().toString(),
                    updates,
                    "use the same in all stages");
        }
    }

    private static void requireGroup(String group, Set<String> known, String where) {
        if (!known.contains(group)) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "unknown group of parameters",
                    where,
                    "one of " + String.join(", ", known),
                    "'" + group + "'",
                    Nearest.hint(group, known));
        }
    }

    private SortedMap<Integer, Mixer> mixers(SortedMap<Integer, MixerSpec> kinds) {
        SortedMap<Integer, Mixer> made = new TreeMap<>();
        kinds.forEach((layer, spec) -> {
            Map<String, Tensor> own = new LinkedHashMap<>();
            String prefix = name(layer, "");
            buffer.parameters().forEach((name, leaf) -> {
                if (name.startsWith(prefix) && !name.contains(".lora_") && !base.contains(name)) {
                    own.put(name.substring(prefix.length()), leaf);
                }
            });
            made.put(layer, spec.create(decoder.headDims(), own));
        });
        return made;
    }

    /** Gives the new mixers other numbers of slots, over the same parameters. */
    void slots(UnaryOperator<MixerSpec> change) {
        SortedMap<Integer, MixerSpec> kinds = new TreeMap<>();
        specs.forEach((layer, spec) -> kinds.put(layer, change.apply(spec)));
        mixers(kinds).forEach((layer, mixer) -> {
            Mixer before = mixers.put(layer, mixer);
            if (decoder.mixer(layer).equals(before)) {
                decoder.replaceMixer(layer, mixer);
            }
        });
    }

    /** What it is a student of, and is itself while {@linkplain #enter() entered}. */
    Decoder decoder() {
        return decoder;
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

    /** The weights of the model itself that any stage so far has trained. */
    Set<String> base() {
        return Collections.unmodifiableSet(base);
    }

    /** What a stage minimises, over the parameters as they were prepared for it; the teacher is the decoder's own. */
    Objective objective(StageRecipe stage) {
        return objective(stage, Optional.empty());
    }

    /** As {@link #objective(StageRecipe)}, with another model as the teacher. */
    Objective objective(StageRecipe stage, Optional<Decoder> other) {
        Loss loss = stage.loss();
        Teacher teacher = other.map(Teacher::of).orElse(new Own());
        return switch (loss.place()) {
            case MIXER ->
                new AttentionTransfer(
                        other.orElse(decoder), mixers, other.isPresent() ? Map.of() : teachers, buffer, loss.parts());
            case BLOCK ->
                new BlockTransfer(
                        decoder,
                        teacher,
                        buffer,
                        loss.parts().stream().mapToDouble(Loss.Term::weight).sum());
            case PASS ->
                loss instanceof Loss.NextToken
                        ? new NextToken(decoder, buffer, stage.recompute())
                        : new TaughtPass(decoder, teacher, buffer, loss, stage.recompute());
        };
    }

    /** The decoder as it was. */
    private final class Own implements Teacher {
        @Override
        public <T> T ask(Function<Decoder, T> use) {
            leave();
            try {
                return use.apply(decoder);
            } finally {
                enter();
            }
        }
    }

    /** Gives the decoder the mixers that it has while the stage trains. */
    void seat(StageRecipe stage) {
        if (stage.loss().place() == Loss.Place.MIXER && stage.loss().input() == Loss.Input.TEACHER) {
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
        Map<String, Tensor> own = new LinkedHashMap<>(buffer.parameters());
        own.keySet().retainAll(base);
        decoder.substitute(own);
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

    /** Makes the decoder the student without its slots; false where it has none. */
    boolean enterWithoutSlots() {
        if (specs.values().stream().allMatch(spec -> spec.slots() == 0)) {
            return false;
        }
        SortedMap<Integer, MixerSpec> kinds = new TreeMap<>();
        specs.forEach((layer, spec) -> kinds.put(layer, spec.withSlots(0)));
        enter(mixers(kinds));
        return true;
    }

    /** Makes the decoder the teacher. */
    void leave() {
        teachers.forEach(decoder::replaceMixer);
        Lora.detach(decoder);
        decoder.restore();
    }

    /** The decoder goes back to being the teacher. */
    @Override
    public void close() {
        leave();
        buffer.close();
    }
}
