package dev.lizard.eval.inside;

import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Progress;
import dev.lizard.eval.generation.Prompt;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.Quality;
import dev.lizard.eval.metric.QualityMeter;
import dev.lizard.eval.metric.Reference;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.HeadError;
import dev.lizard.eval.result.PartShare;
import dev.lizard.eval.result.Role;
import dev.lizard.model.Decoder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Looks at a student beside its teacher from each side that is asked for. */
public final class Examination implements AutoCloseable {
    private static final int FIRST_STRETCH = 16;

    /**
     * What is examined.
     *
     * @param teacher its name in results
     * @param name the student's
     * @param ids the held-out text, one window at least
     * @param where its name, for messages
     * @param length tokens of a window
     * @param windows at most so many
     * @param prompts to be answered
     * @param answered tokens of an answer at most
     * @param written tokens written in all to see repetitions
     * @param layer whose mixing matrix is kept; null for that of the head with the largest error
     * @param head likewise
     * @param shown tokens of that matrix
     */
    @SuppressWarnings("ArrayRecordComponent") // ids of a whole text, never compared
    public record Settings(
            String teacher,
            String name,
            int[] ids,
            String where,
            int length,
            int windows,
            List<Prompt> prompts,
            int answered,
            int written,
            @Nullable Integer layer,
            @Nullable Integer head,
            int shown) {}

    private final Pair pair;
    private final Settings settings;
    private final EvalText text;
    private final Writings writings;
    private @Nullable Reference reference;
    private @Nullable Quality whole;
    private List<HeadError> errors = List.of();

    /**
     * Makes ready; nothing is measured yet.
     *
     * @param stop asked between tokens that are written
     * @throws LizardException INPUT for a text too short for one window, USAGE for a layer or head that is not there
     */
    public Examination(Pair pair, Settings settings, BooleanSupplier stop) {
        this.pair = pair;
        this.settings = settings;
        if (settings.ids.length < settings.length + 1) {
            throw LizardException.at(
                    Kind.INPUT,
                    "text too short",
                    settings.where,
                    "at least %,d tokens".formatted(settings.length + 1),
                    "%,d".formatted(settings.ids.length),
                    "give a longer text or a smaller --length");
        }
        inside("--layer", settings.layer, student().layers());
        inside("--head", settings.head, student().headDims().heads());
        text = EvalText.cut(settings.ids, pair.tokenizer(), settings.length, settings.windows);
        writings = new Writings(pair, settings, text, stop);
    }

    private static void inside(String flag, @Nullable Integer value, int count) {
        if (value != null && (value < 0 || value >= count)) {
            throw LizardException.usage(
                    "%s out of range: expected 0 to %d but found %d".formatted(flag, count - 1, value));
        }
    }

    private Decoder student() {
        return pair.student().decoder();
    }

    /** Measures one aspect; what it finds is complete unless {@code stop} said so meanwhile. */
    public Findings measure(Aspect aspect, Progress progress) {
        Findings found = new Findings("Inside " + settings.name);
        found.models.add(Writings.named(settings.teacher, Role.TEACHER));
        found.models.add(Writings.named(settings.name, Role.STUDENT));
        String name = settings.name;
        switch (aspect) {
            case HEADS -> found.headErrors.addAll(errors());
            case WEIGHTS ->
                found.weightMatches.addAll(WeightMatches.measure(pair.teacher().decoder(), student(), name, text));
            case HORIZONS -> found.gateHistograms.addAll(GateHistograms.measure(student(), name, text));
            case SHARES -> found.partShares.addAll(PartShares.measure(student(), name, text));
            case POSITIONS -> positions(found);
            case WITHOUT ->
                found.ablations.addAll(
                        new Ablations(student(), name, pair.teacher().decoder(), reference(), whole())
                                .measure(parts()));
            case ATTENTION -> attention(found);
            case AGREEMENT -> found.agreements.addAll(writings.agreements(progress));
            case REPETITION -> found.repetitions.addAll(writings.repetitions(progress));
            case ANSWERS -> found.answers.addAll(writings.answers(progress));
        }
        return found;
    }

    private List<HeadError> errors() {
        if (errors.isEmpty()) {
            errors = LayerErrors.measure(pair.teacher().decoder(), student(), settings.name, text);
        }
        return errors;
    }

    private Reference reference() {
        if (reference == null) {
            reference = Reference.of(pair.teacher().decoder(), text, 1);
        }
        return reference;
    }

    private Quality whole() {
        if (whole == null) {
            whole = QualityMeter.measure(student(), reference(), pair.teacher().decoder());
        }
        return whole;
    }

    private void positions(Findings found) {
        Quality teacher = QualityMeter.ofTeacher(pair.teacher().decoder(), reference());
        found.models.set(0, teacher.row(settings.teacher, Role.TEACHER, null));
        found.models.set(1, whole().row(settings.name, Role.STUDENT, null));
        found.positions.add(teacher.curves(settings.teacher, FIRST_STRETCH).getFirst());
        found.positions.addAll(whole().curves(settings.name, FIRST_STRETCH));
    }

    /** Names of the parts of mixers that have several. */
    private Set<String> parts() {
        EvalText little =
                new EvalText(text.windows().subList(0, 1), text.bytes().subList(0, 1));
        Map<Integer, Set<String>> byLayer = new LinkedHashMap<>();
        for (PartShare row : PartShares.measure(student(), settings.name, little)) {
            byLayer.computeIfAbsent(row.layer(), layer -> new LinkedHashSet<>()).add(row.part());
        }
        Set<String> parts = new LinkedHashSet<>();
        byLayer.values().stream().filter(own -> own.size() > 1).forEach(parts::addAll);
        return parts;
    }

    private void attention(Findings found) {
        int layer = settings.layer == null ? worst(null).layer() : settings.layer;
        Integer worstHead = settings.head == null ? worst(layer).head() : settings.head;
        int head = worstHead == null ? 0 : worstHead;
        int[] read = Arrays.copyOf(settings.ids, Math.min(settings.shown, settings.ids.length));
        for (boolean teacher : new boolean[] {true, false}) {
            Decoder model = teacher ? pair.teacher().decoder() : student();
            String name = teacher ? settings.teacher : settings.name;
            if (!MixingMatrices.has(model)) {
                continue;
            }
            MixingMatrices matrices = MixingMatrices.of(model, name, read, pair.tokenizer(), layer, head);
            found.attention.add(matrices.map());
            found.attributions.add(matrices.attribution());
        }
    }

    /** The head with the largest error, of all or of one layer. */
    private HeadError worst(@Nullable Integer layer) {
        return errors().stream()
                .filter(row -> row.head() != null && (layer == null || row.layer() == layer))
                .max(Comparator.comparingDouble(HeadError::error))
                .orElseThrow();
    }

    @Override
    public void close() {
        if (reference != null) {
            reference.close();
        }
    }
}
