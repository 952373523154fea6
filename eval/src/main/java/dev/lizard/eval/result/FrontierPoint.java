package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * A small model that was trained from scratch to recall, asked about so many pairs: a point of accuracy against bytes of
 * state.
 *
 * @param task what it learned, with its sizes, such as {@code mqar, V 256, T 64}
 * @param pairs of a key and a value in a tested sequence
 * @param mixer the stack's name; stacks of one name are one line of the frontier
 * @param layers the mixer of each layer with its keys, such as {@code window, window 2, meta 0; linear}
 * @param width D
 * @param stateBytes kept of a sequence of the task's length, all layers
 * @param accuracy share of the asked values whose most likely token is right, 0 to 1; absent where training diverged
 * @param asked values
 * @param seed of weights and data
 * @param learningRate peak rate
 * @param steps updates, fewer than {@code budget} where it had learned the task before
 * @param budget updates it was allowed
 * @param tokens seen in training
 */
public record FrontierPoint(
        String task,
        int pairs,
        String mixer,
        String layers,
        int width,
        long stateBytes,
        @Nullable Double accuracy,
        long asked,
        long seed,
        double learningRate,
        long steps,
        long budget,
        long tokens) {}
