package dev.lizard.eval.report;

import dev.lizard.eval.result.Agreement;
import dev.lizard.eval.result.ChoiceShare;
import dev.lizard.eval.result.Repetition;
import dev.lizard.eval.result.ResultSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How a student writes and picks letters, beside its teacher: what likelihoods hide. */
record WritingVerdict(ResultSet results, Pairing pair) {
    /** So much more often than right, and than the teacher, a letter is not picked by chance. */
    private static final double COLLAPSED = 0.2;

    void tell(List<String> kept, List<String> lost, List<String> open, List<Verdict.Brief> brief) {
        letters(lost);
        for (Agreement agreement : results.agreements()) {
            if (agreement.model().equals(pair.student())) {
                kept.add(("Writing (%s): the same as the teacher for %s of %d tokens, over %d prompts; after the"
                                + " teacher's own text its first choice is the teacher's at %s of the places.")
                        .formatted(
                                agreement.set(),
                                ranged(agreement.together(), agreement.togetherError(), Units.GENERAL),
                                agreement.tokens(),
                                agreement.prompts(),
                                ranged(agreement.forced(), agreement.forcedError(), Units.PERCENT)));
                brief.add(new Verdict.Brief(
                        Units.PERCENT.show(agreement.forced()),
                        "of the teacher's written tokens are the student's first choice too (%s)"
                                .formatted(agreement.set())));
            }
        }
        Optional<Repetition> before = repetition(pair.teacher());
        Optional<Repetition> after = repetition(pair.student());
        if (before.isPresent() && after.isPresent()) {
            double more = after.get().repeated() - before.get().repeated();
            Interval interval = difference(before.get(), after.get());
            String figures = "%s \u2192 %s of the tokens stand in 4-grams written before"
                    .formatted(
                            Units.PERCENT.show(before.get().repeated()),
                            Units.PERCENT.show(after.get().repeated()));
            if (interval == null) {
                open.add("Repetition: %s, without an interval.".formatted(figures));
            } else if (interval.low() > 0) {
                lost.add("It repeats itself more: %s.".formatted(figures));
            } else {
                kept.add("%s: %s."
                        .formatted(
                                interval.high() < 0 && more < 0
                                        ? "It repeats itself less"
                                        : "No more repetition can be shown",
                                figures));
            }
        }
        if (results.agreements().isEmpty() && (before.isEmpty() || after.isEmpty())) {
            open.add("What both write was not compared.");
        }
    }

    private static @Nullable Interval difference(Repetition before, Repetition after) {
        Double first = before.repeatedError();
        Double second = after.repeatedError();
        return first == null || second == null
                ? null
                : Interval.ofMean(after.repeated() - before.repeated(), Math.hypot(first, second));
    }

    private static String ranged(double value, @Nullable Double error, Units units) {
        return units.show(value)
                + (error == null
                        ? ""
                        : " (95 %%: %s)".formatted(Interval.ofMean(value, error).show(units)));
    }

    private Optional<Repetition> repetition(String model) {
        return results.repetitions().stream()
                .filter(row -> row.model().equals(model))
                .findFirst();
    }

    private void letters(List<String> lost) {
        for (ChoiceShare share : results.choices()) {
            double excess = share.picked() - share.right();
            if (share.model().equals(pair.student()) && excess > COLLAPSED && excess > excess(share) + COLLAPSED) {
                lost.add("On %s it answers \u201c%s\u201d to %s of the items, where %s is right."
                        .formatted(
                                share.task(),
                                share.choice(),
                                Units.ROUGH_PERCENT.show(share.picked()),
                                Units.ROUGH_PERCENT.show(share.right())));
            }
        }
    }

    /** The teacher's. */
    private double excess(ChoiceShare share) {
        return results.choices().stream()
                .filter(row -> row.model().equals(pair.teacher())
                        && row.task().equals(share.task())
                        && row.choice().equals(share.choice()))
                .mapToDouble(row -> row.picked() - row.right())
                .findFirst()
                .orElse(0);
    }
}
