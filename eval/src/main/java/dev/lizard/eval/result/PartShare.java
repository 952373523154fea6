package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * What a part of a mixer gives of a layer's output. The output y is the sum of what its parts give, y_p.
 *
 * @param part as the mixer calls it: {@code near}, {@code first}, {@code far}, ...
 * @param output Σ y_p·y / Σ y·y over tokens and heads: of all parts together 1, below 0 where one works against the rest
 * @param weight the mean share of the part's mixing weight, 0 to 1; of all parts together 1
 * @param outputError standard error over the windows; null for fewer than two
 * @param weightError likewise
 * @param windows windows of text
 */
public record PartShare(
        String model,
        int layer,
        String part,
        double output,
        @Nullable Double outputError,
        double weight,
        @Nullable Double weightError,
        int windows) {}
