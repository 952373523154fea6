package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * How much the weights by which a student's layer mixes tokens are the teacher's, on the teacher's own inputs: means over
 * the rows of the mixing matrices, over heads and windows. Layers whose weights are no shares have no row.
 *
 * @param layer null for all layers together
 * @param kl KL(teacher || student) of a row, nats
 * @param klError standard error over the windows; null for fewer than two
 * @param teacherEntropy of a row of the teacher's, nats
 * @param entropy of a row of the student's
 * @param rank Spearman's correlation of a row's weights with q·k, 1 where they rise with it
 * @param windows windows of text
 */
public record WeightMatch(
        String model,
        @Nullable Integer layer,
        double kl,
        @Nullable Double klError,
        double teacherEntropy,
        double entropy,
        double rank,
        int windows) {}
