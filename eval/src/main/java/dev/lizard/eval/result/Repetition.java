package dev.lizard.eval.result;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much of what a model wrote greedily it had written before.
 *
 * @param texts of equal length
 * @param tokens of all texts
 * @param distinct different n-grams of a text over all of its n-grams, for n = 1, 2, 3, 4
 * @param distinctError standard errors over the texts; empty for fewer than two
 * @param repeated share of the tokens that stand in a 4-gram that the text had before
 * @param repeatedError standard error over the texts; null for fewer than two
 * @param longestLoop most tokens of a stretch that says the same at least twice in a row
 * @param period tokens after which it says the same; 0 without a loop
 */
public record Repetition(
        String model,
        int texts,
        int tokens,
        List<Double> distinct,
        List<Double> distinctError,
        double repeated,
        @Nullable Double repeatedError,
        int longestLoop,
        int period) {}
