package dev.lizard.tensor.cuda;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/**
 * Where a decoding step stands, kept on the device: the position and number of tokens seen, and what the layers'
 * kernels derive from them (angles of the token and of the one that leaves the window, the ring's slot).
 *
 * <p>The first layer of a step moves the clock on, the others find it right. A recorded step moves it on by itself; the
 * host follows its content in its mind and corrects it only when another sequence takes its turn.
 */
public final class DecodeClock implements AutoCloseable {
    /** Queues the kernel that turns a clock into tables and moves it on. */
    @FunctionalInterface
    interface Tick {
        void queue(Tensor clock, Tensor frequencies, double scale, int window, Tensor tables, Tensor now);
    }

    private final Scope scope = Scope.owner();
    private final Device device;
    private final int window;
    private final double scale;
    private final Tensor frequencies;
    private final Tensor clock;
    private final Tensor tables;
    private final Tensor now;
    private Tensor arrived;
    private long position;
    private long tokens;
    private boolean shown;

    /**
     * @param frequencies radians a token of each of the d/2 pairs
     * @param scale factor on cos and sin
     * @param window w
     */
    public DecodeClock(double[] frequencies, double scale, int window, Device device) {
        this.device = device;
        this.window = window;
        this.scale = scale;
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            this.frequencies =
                    scope.adopt(Tensors.of(frequencies, frequencies.length).to(device));
            clock = scope.adopt(Tensors.zeros(DType.INT64, device, 2));
            tables = scope.adopt(Tensors.zeros(DType.FLOAT32, device, 2L, 2L * frequencies.length));
            now = scope.adopt(Tensors.zeros(DType.INT64, device, 1)); // two ints
            arrived = scope.adopt(Tensors.zeros(DType.INT64, device, 1));
        }
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

    /** {@code count} zeros, ints. What was given before stays: a recording may know its address. */
    Tensor arrived(long count) {
        if (2 * arrived.count() < count) {
            try (Scope work = Scope.open()) {
                arrived = scope.adopt(Tensors.zeros(DType.INT64, device, count));
            }
        }
        return arrived;
    }

    /** Sees to it that the next step is that of the token at {@code nextPosition}. */
    void set(long nextPosition, long seen) {
        if (position != nextPosition || tokens != seen) {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                clock.copy_(Tensors.of(new long[] {nextPosition, seen}, 2));
            }
            position = nextPosition;
            tokens = seen;
        }
        shown = false;
    }

    /**
     * Queues the computation of all tables for the token at {@code at}, unless they are there.
     *
     * @return whether it was queued just now
     */
    boolean show(Tick tick, long at, long seen) {
        if (shown && position == at + 1 && tokens == seen + 1) {
            return false;
        }
        set(at, seen);
        tick.queue(clock, frequencies, scale, window, tables, now);
        position++;
        tokens++;
        shown = true;
        return true;
    }

    /** Whether the tables are there, or queued. */
    boolean shown() {
        return shown;
    }

    /** Has the tables computed anew for the next step, whichever it is. */
    void hide() {
        shown = false;
    }

    /** Says that the step just queued was recorded and not run. */
    void recorded() {
        position--;
        tokens--;
        shown = false;
    }

    /** Says that a recorded step was queued. */
    void replayed() {
        position++;
        tokens++;
        shown = true;
    }

    @Override
    public void close() {
        scope.close();
    }
}
