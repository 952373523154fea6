package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * How far a layer of a student is from the teacher's on the teacher's own inputs, before the output projection:
 * ||y - y'||² / ||y||² over all windows.
 *
 * @param head of a layer; null for all of them together
 * @param stderr standard error over the windows; null for fewer than two
 * @param windows windows of text
 */
public record HeadError(
        String model,
        int layer,
        @Nullable Integer head,
        double error,
        @Nullable Double stderr,
        int windows) {}
