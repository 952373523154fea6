package dev.lizard.eval.result;

/**
 * A mean over the positions {@code from} (inclusive) to {@code to} (exclusive) of a window of text.
 *
 * @param count tokens the mean is over
 */
public record Bucket(int from, int to, double value, long count) {}
