package dev.lizard.base;

import java.util.Arrays;

/** The middle and the ends of some numbers; of an even count the middle is between the two in it. */
public record Quantiles(double least, double median, double most) {
    /**
     * Looks at {@code values} in any order.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static Quantiles of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("the spread of no numbers");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Quantiles(sorted[0], median, sorted[sorted.length - 1]);
    }
}
