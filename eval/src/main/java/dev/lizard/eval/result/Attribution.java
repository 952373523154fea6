package dev.lizard.eval.result;

import java.util.List;

/**
 * From which tokens of a text the prediction at its end comes ({@code dev.lizard.eval.inside.Rollout} says how).
 *
 * @param tokens what they spell
 * @param shares of each; they sum to 1
 * @param predicted what the likeliest next token spells
 * @param probability of it
 */
public record Attribution(
        String model, List<String> tokens, List<Double> shares, String predicted, double probability) {}
