package dev.lizard.eval.metric;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A sum over independent units, such as windows or prompts, in terms of another: r = Σ a_i / Σ b_i, as accurate as the
 * units are alike: se² = n / (n − 1) Σ (a_i − r b_i)² / (Σ b_i)².
 *
 * @param stderr standard error of the value; null for fewer than two units
 */
public record Ratio(double value, @Nullable Double stderr) {
    /** Of at least one unit. */
    public static Ratio of(double[] sums, double[] weights) {
        double weight = Arrays.stream(weights).sum();
        double value = Arrays.stream(sums).sum() / weight;
        int n = sums.length;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double rest = sums[i] - value * weights[i];
            squares += rest * rest;
        }
        return new Ratio(value, n < 2 ? null : (Double) (Math.sqrt(squares * n / (n - 1)) / Math.abs(weight)));
    }

    /** Of units that weigh the same. */
    public static Ratio ofMean(double[] values) {
        double[] ones = new double[values.length];
        Arrays.fill(ones, 1);
        return of(values, ones);
    }
}
