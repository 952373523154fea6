package dev.lizard.eval.report;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One figure in the form that all figures have.
 *
 * @param task what was done; {@link #HELD_OUT} for the text models are measured on
 * @param traits under which circumstances, such as {@code size: 2048}
 * @param interval at 95 %, where it is known
 * @param n over how many items, tokens or samples, where it is known
 */
record Measured(
        String model,
        String task,
        String metric,
        Map<String, String> traits,
        double value,
        @Nullable Interval interval,
        @Nullable Long n) {
    static final String HELD_OUT = "held-out text";

    /** The trait of recall tasks: how much was to be remembered. */
    static final String SIZE = "size";

    /** Whether both are figures of the same thing, of whichever models. */
    boolean sameThing(Measured other) {
        return task.equals(other.task) && metric.equals(other.metric) && traits.equals(other.traits);
    }

    /** {@code passkey, size 512}. */
    String what() {
        StringBuilder what = new StringBuilder(task);
        traits.forEach((key, value) -> what.append(", ").append(key).append(' ').append(value));
        return what.toString();
    }

    String show() {
        return Metric.of(metric).units().show(value);
    }
}
