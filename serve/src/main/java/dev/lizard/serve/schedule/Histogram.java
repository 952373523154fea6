package dev.lizard.serve.schedule;

import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/** How often values were up to each of some bounds, as Prometheus counts; safe from many threads. */
public final class Histogram {
    private final double[] bounds;
    private final LongAdder[] counts;
    private final DoubleAdder sum = new DoubleAdder();

    /** {@code bounds} ascend. */
    Histogram(double... bounds) {
        this.bounds = bounds.clone();
        counts = new LongAdder[bounds.length + 1];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    void add(double value) {
        int at = 0;
        while (at < bounds.length && value > bounds[at]) {
            at++;
        }
        counts[at].increment();
        sum.add(value);
    }

    /** Tells each bound, the last infinite, and how many values were up to it. */
    public void each(BiConsumer<Double, Long> bucket) {
        long total = 0;
        for (int i = 0; i < counts.length; i++) {
            total += counts[i].sum();
            bucket.accept(i < bounds.length ? bounds[i] : Double.POSITIVE_INFINITY, total);
        }
    }

    public double sum() {
        return sum.sum();
    }
}
