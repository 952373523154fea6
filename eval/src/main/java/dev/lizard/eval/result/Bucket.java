package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * A mean over the positions {@code from} (inclusive) to {@code to} (exclusive) of a window of text.
 *
 * @param count tokens the mean is over
 * @param stderr its standard error; null where it is not known
 */
public record Bucket(
        int from,
        int to,
        double value,
        long count,
        @Nullable Double stderr) {
    public Bucket(int from, int to, double value, long count) {
        this(from, to, value, count, null);
    }
}
