package dev.lizard.eval.run;

import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Samples of items drawn with replacement, each as many as there are. */
final class Bootstrap {
    private static final int SAMPLES = 1000;
    private static final double TAIL = 0.025;

    private Bootstrap() {}

    /** The interval that holds 95% of the differences, and the deviation of all. */
    record Spread(double low, double high, double deviation) {}

    /** Of a measure of these items. */
    static double deviation(Measure measure, List<Item.Value> values, long seed) {
        return spread(measure, values, null, seed).deviation();
    }

    /** Of the difference between two models on the same items: the first's less the second's. */
    static Spread difference(Measure measure, List<Item.Value> first, List<Item.Value> second, long seed) {
        return spread(measure, first, second, seed);
    }

    private static Spread spread(
            Measure measure, List<Item.Value> first, @Nullable List<Item.Value> second, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int count = first.size();
        double[][] a = columns(first);
        double[][] b = second == null ? null : columns(second);
        double[] results = new double[SAMPLES];
        int[] drawn = new int[count];
        for (int s = 0; s < SAMPLES; s++) {
            for (int i = 0; i < count; i++) {
                drawn[i] = random.nextInt(count);
            }
            results[s] = measure.of(sum(a[0], drawn), sum(a[1], drawn))
                    - (b == null ? 0 : measure.of(sum(b[0], drawn), sum(b[1], drawn)));
        }
        Arrays.sort(results);
        double mean = Arrays.stream(results).average().orElse(0);
        double squares =
                Arrays.stream(results).map(x -> (x - mean) * (x - mean)).sum();
        return new Spread(
                results[(int) Math.floor(TAIL * SAMPLES)],
                results[(int) Math.ceil((1 - TAIL) * SAMPLES) - 1],
                Math.sqrt(squares / (SAMPLES - 1)));
    }

    private static double[][] columns(List<Item.Value> values) {
        return new double[][] {
            values.stream().mapToDouble(Item.Value::sum).toArray(),
            values.stream().mapToDouble(Item.Value::weight).toArray()
        };
    }

    private static double sum(double[] values, int[] drawn) {
        double sum = 0;
        for (int i : drawn) {
            sum += values[i];
        }
        return sum;
    }
}
