package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/**
 * Where the rows of one decoding step stand, and what the layers' kernels derive from it on the device: angles of each
 * row's token and of the one that is evicted, slots of the ring. The first layer of a step has them computed.
 */
public final class DecodeClock {
    /** Queues the kernel that turns positions into tables. */
    @FunctionalInterface
    interface Tick {
        void queue(Tensor read, Tensor frequencies, double scale, int window, Tensor tables, Tensor now);
    }

    private final Tensor read;
    private final Tensor frequencies;
    private final double scale;
    private final int window;
    private final DecodeCounters counters;
    private final Tensor tables;
    private final Tensor now;
    private boolean shown;

    /**
     * @param read tokens that each row has read, int64 [B], on the device
     * @param frequencies radians a token of each of the d/2 pairs, float64, on the device
     * @param scale factor on cos and sin
     * @param window w
     * @param owner of the tables
     */
    public DecodeClock(
            Tensor read, Tensor frequencies, double scale, int window, DecodeCounters counters, Scope owner) {
        this.read = read;
        this.frequencies = frequencies;
        this.scale = scale;
        this.window = window;
        this.counters = counters;
        tables = owner.adopt(Tensors.empty(DType.FLOAT32, read.device(), read.count(), 4 * frequencies.count()));
        now = owner.adopt(Tensors.empty(DType.INT64, read.device(), read.count())); // two ints each
    }

    int window() {
        return window;
    }

    Tensor tables() {
        return tables;
    }

    Tensor now() {
        return now;
    }

    Tensor counters(long count) {
        return counters.zeros(count);
    }

    /**
     * Queues the computation of all tables, unless an earlier layer did.
     *
     * @return whether it was queued just now
     */
    boolean show(Tick tick) {
        if (shown) {
            return false;
        }
        tick.queue(read, frequencies, scale, window, tables, now);
        shown = true;
        return true;
    }
}
