package dev.lizard.eval.inside;

/**
 * Attention rollout (Abnar and Zuidema 2020, arXiv 2005.00928): how much of the first layer's inputs is in a position of
 * the last, where each layer passes half of its input by and mixes half of it:
 *
 * <pre>
 *   Ā_l = (I + A_l) / 2, rows divided by their sums        R = Ā_L · · · Ā_1
 * </pre>
 *
 * <p>A_l is the mean of |A| over the heads of the layer, A their mixing matrices (Ali et al. 2024, arXiv 2403.01590, do
 * so for attention that is only implied). The last row of R attributes the prediction at the end of a text to its tokens.
 */
final class Rollout {
    private double[][] rolled = {};

    /** A further layer's mean of |A| over its heads, [T][T]. */
    void add(double[][] mean) {
        int tokens = mean.length;
        double[][] next = new double[tokens][tokens];
        for (int t = 0; t < tokens; t++) {
            double total = 1;
            for (double weight : mean[t]) {
                total += weight;
            }
            for (int s = 0; s <= t; s++) {
                double passes = (mean[t][s] + (s == t ? 1 : 0)) / total;
                for (int origin = 0; origin <= s; origin++) {
                    next[t][origin] += passes * (rolled.length == 0 ? (s == origin ? 1 : 0) : rolled[s][origin]);
                }
            }
        }
        rolled = next;
    }

    /** Shares of the tokens in what stands at the end; they sum to 1. */
    double[] last() {
        return rolled[rolled.length - 1];
    }
}
