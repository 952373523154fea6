package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/** A benchmark task's score; {@code stderr} where it is known. */
public record TaskScore(
        String model,
        String task,
        String metric,
        double value,
        @Nullable Double stderr,
        int n) {}
