package dev.lizard.eval.inside;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Places of numbers in their order; equal ones share the mean of theirs. */
final class Ranks {
    private Ranks() {}

    /** Spearman's correlation of two lists of n ≥ 2 numbers; 0 where all of one are equal. */
    static double correlation(double[] a, double[] b) {
        double[] x = of(a);
        double[] y = of(b);
        double mean = (a.length - 1) / 2.0;
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - mean) * (y[i] - mean);
            xx += (x[i] - mean) * (x[i] - mean);
            yy += (y[i] - mean) * (y[i] - mean);
        }
        return xx == 0 || yy == 0 ? 0 : xy / Math.sqrt(xx * yy);
    }

    /** From 0 on. */
    static double[] of(double[] values) {
        int[] order = IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> values[i]))
                .mapToInt(i -> i)
                .toArray();
        double[] ranks = new double[values.length];
        int from = 0;
        while (from < order.length) {
            int to = from + 1;
            while (to < order.length && values[order[to]] == values[order[from]]) {
                to++;
            }
            for (int i = from; i < to; i++) {
                ranks[order[i]] = (from + to - 1) / 2.0;
            }
            from = to;
        }
        return ranks;
    }
}
