package dev.lizard.eval.report;

import dev.lizard.eval.result.Comparison;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a student has of a figure more, or less, than its teacher.
 *
 * @param interval of {@code student - teacher} at 95 %, where both have one
 */
record Difference(
        Measured teacher, Measured student, @Nullable Interval interval) {
    enum Outcome {
        LOST,
        GAINED,
        /** The interval holds zero. */
        OPEN,
        /** There is no interval. */
        UNKNOWN
    }

    /**
     * From the intervals of both, squared and added (Newcombe 1998): right for shares as for means. The same items make the
     * two less independent than that takes them to be, so it is on the wide side.
     */
    static Difference of(Measured teacher, Measured student) {
        Interval before = teacher.interval();
        Interval after = student.interval();
        double difference = student.value() - teacher.value();
        Interval interval = before == null || after == null
                ? null
                : new Interval(
                        difference - Math.hypot(student.value() - after.low(), before.high() - teacher.value()),
                        difference + Math.hypot(after.high() - student.value(), teacher.value() - before.low()));
        return new Difference(teacher, student, interval);
    }

    /** As paired samples of the same items gave it. */
    static Difference of(Measured teacher, Measured student, Comparison paired) {
        return new Difference(teacher, student, new Interval(paired.low(), paired.high()));
    }

    double value() {
        return student.value() - teacher.value();
    }

    Metric metric() {
        return Metric.of(student.metric());
    }

    Outcome outcome() {
        if (interval == null) {
            return Outcome.UNKNOWN;
        }
        if (interval.low() <= 0 && interval.high() >= 0) {
            return Outcome.OPEN;
        }
        return value() > 0 == metric().higherIsBetter() ? Outcome.GAINED : Outcome.LOST;
    }

    /** The size of the loss that its interval does not rule out; not negative. */
    double possibleLoss() {
        return interval == null ? 0 : Math.max(0, metric().higherIsBetter() ? -interval.low() : interval.high());
    }

    /** {@code −11.8 points}. */
    String size() {
        return signed(value()) + (metric().share() ? " points" : "");
    }

    /** {@code −13.9 to −9.7}; empty where it is not known. */
    String range() {
        return interval == null ? "" : signed(interval.low()) + " to " + signed(interval.high());
    }

    /** {@code −11.8 points (95 %: −13.9 to −9.7)}. */
    String show() {
        return size() + (interval == null ? "" : " (95 %%: %s)".formatted(range()));
    }

    /** {@code 52.1 % → 40.3 %, −11.8 points (95 %: …)}. */
    String story() {
        return "%s \u2192 %s, %s".formatted(teacher.show(), student.show(), show());
    }

    private String signed(double value) {
        if (metric().share()) {
            return String.format(Locale.ROOT, "%+.1f", 100 * value).replace('-', '\u2212');
        }
        String size = metric().units().show(Math.abs(value));
        return (value < 0 ? "\u2212" : "+") + size;
    }
}
