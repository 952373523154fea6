package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * A model without a part of its mixers.
 *
 * @param without what is left out of each layer that has it, such as {@code far}; empty for the whole model
 * @param nll mean negative log-likelihood of a token, nats
 * @param rise by how much that is more than the whole model's
 * @param riseError standard error of {@code rise} over the windows, each compared with itself; null for fewer than two
 * @param kl mean KL(teacher || this), nats
 * @param windows windows of text
 */
public record Ablation(
        String model,
        String without,
        double nll,
        double rise,
        @Nullable Double riseError,
        double kl,
        int windows) {}
