package dev.lizard.eval.demo;

import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * The findings in a few sentences, every number in them measured.
 *
 * @param trained bytes of the student's training sequences
 * @param seconds the whole demo took
 */
record DemoStory(StageEvaluator evaluator, List<Efficiency> efficiency, int trained, double seconds) {
    private static final double MIB = 1 << 20;

    List<String> sentences() {
        List<String> story = new ArrayList<>();
        ModelResult student = model(Role.STUDENT);
        double bits = bits(student);
        double before = bits(model(Role.TEACHER));
        int length = evaluator.texts().teacherLength();
        story.add(String.format(
                Locale.ROOT,
                "All softmax layers of a small byte-level Transformer were replaced and distilled on %,d bytes in"
                        + " sequences of %,d; with every measurement here that took %s.",
                Objects.requireNonNullElse(student.tokens(), 0L),
                trained,
                duration()));
        story.add(String.format(
                Locale.ROOT,
                "On held-out text of that length, half prose that the teacher wrote, half stories made by rule, the"
                        + " student needs %.3f bits a byte and the teacher %.3f (%+.1f %%); bits by position are on"
                        + " longer stories.",
                bits,
                before,
                100 * (bits / before - 1)));
        story.add(String.format(
                Locale.ROOT,
                "Its state is %.2f MiB at any length; the teacher's cache has %.0f MiB after %,d bytes.",
                last(StageEvaluator.STUDENT).stateBytes() / MIB,
                last(StageEvaluator.TEACHER).stateBytes() / MIB,
                last(StageEvaluator.TEACHER).context()));
        Recall told = longest(StageEvaluator.STUDENT);
        Recall within = within(StageEvaluator.STUDENT, length);
        if (told.length() > length) {
            story.add(String.format(
                    Locale.ROOT,
                    "In texts of %,d bytes it gives %.0f %% of the pass keys it was told, where the teacher gives"
                            + " %.0f %%; in %,d bytes %.0f %%, where the teacher, trained on %,d, gives %.0f %%.",
                    within.length(),
                    100 * within.exact(),
                    100 * within(StageEvaluator.TEACHER, length).exact(),
                    told.length(),
                    100 * told.exact(),
                    length,
                    100 * longest(StageEvaluator.TEACHER).exact()));
        }
        return story;
    }

    private ModelResult model(Role role) {
        return evaluator.models.stream()
                .filter(model -> model.role() == role)
                .findFirst()
                .orElseThrow();
    }

    private static double bits(ModelResult model) {
        return Objects.requireNonNullElse(model.bitsPerByte(), Double.NaN);
    }

    private Efficiency last(String model) {
        return efficiency.stream()
                .filter(row -> row.model().equals(model))
                .reduce((a, b) -> b)
                .orElseThrow();
    }

    private Recall longest(String model) {
        return within(model, Integer.MAX_VALUE);
    }

    /** The longest texts of at most so many bytes. */
    private Recall within(String model, int most) {
        return evaluator.recall.stream()
                .filter(row -> row.model().equals(model) && row.length() <= most)
                .reduce((a, b) -> b.length() > a.length() ? b : a)
                .orElseThrow();
    }

    private String duration() {
        return seconds < 100
                ? String.format(Locale.ROOT, "%.0f seconds", seconds)
                : String.format(Locale.ROOT, "%.1f minutes", seconds / 60);
    }
}
