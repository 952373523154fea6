package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * How near matrices of a structure come to those of a model's attention, each fitted by itself: the mean over matrices of
 * ||T − A|| / ||A||, by Frobenius' norm.
 *
 * @param structure {@code ssd}, {@code linear} or {@code toeplitz}
 * @param size width of its state
 * @param error the mean
 * @param stderr its standard error over the matrices; null for fewer than two
 * @param matrices of all layers, heads and windows
 * @param tokens rows of each
 */
public record StructureFit(
        String model,
        String structure,
        int size,
        double error,
        @Nullable Double stderr,
        int matrices,
        int tokens) {}
