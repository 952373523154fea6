package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.DecodeClock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where the tokens of one call stand: each row of the batch has read n_b tokens before, so its first token here has
 * position n_b.
 *
 * <p>The layers of a call share it, and what they derive from it (angles, slots, masks) is made once: it owns that, and
 * whoever makes positions closes them. A step of one token a row asks for device tensors alone, so it is the same
 * sequence of operations wherever its rows stand and can be recorded; longer calls ask for numbers and need all rows at
 * the same position.
 */
public final class Positions implements AutoCloseable {
    private final Rotary rotary;
    private final long[] rows; // one number for all rows that stand together; none where only the device knows
    private final long least; // of rows
    private final long most;
    private final @Nullable Tensor device; // int64 [B]
    private final Scope scope = Scope.owner();
    private final Map<Object, Tensor> derived = new HashMap<>();
    private final Map<Integer, DecodeClock> clocks = new HashMap<>(); // by window

    private Positions(Rotary rotary, long[] rows, @Nullable Tensor device) {
        this.rotary = rotary;
        this.rows = rows;
        long low = Long.MAX_VALUE;
        long high = Long.MIN_VALUE;
        for (long row : rows) {
            low = Math.min(low, row);
            high = Math.max(high, row);
        }
        least = low;
        most = high;
        this.device = device;
    }

    /** Of whole sequences. */
    public static Positions start(Rotary rotary) {
        return new Positions(rotary, new long[1], null);
    }

    /** Of rows that have read so many tokens each; one number stands for all rows. */
    public static Positions of(Rotary rotary, long... read) {
        boolean together = true;
        for (long row : read) {
            together &= row == read[0];
        }
        return new Positions(rotary, together ? new long[] {read[0]} : read.clone(), null);
    }

    /** Of rows whose counts int64 [B] only the device knows; for calls of one token a row. */
    public static Positions on(Rotary rotary, Tensor read) {
        return new Positions(rotary, new long[0], read);
    }

    public Rotary rotary() {
        return rotary;
    }

    /** Whether all rows are known to stand at one position. */
    boolean together() {
        return rows.length == 1;
    }

    /**
     * Tokens read before, which is the position of the first token.
     *
     * @throws IllegalStateException unless all rows stand {@link #together}
     */
    long first() {
        if (!together()) {
            throw new IllegalStateException("rows stand at different positions");
        }
        return rows[0];
    }

    /** The most tokens that a row has read before, which must be known. */
    long most() {
        if (rows.length == 0) {
            throw new IllegalStateException("where rows stand is known to the device alone");
        }
        return most;
    }

    /** Whether every row is known to have read at least {@code count} tokens. */
    boolean allRead(long count) {
        return rows.length > 0 && least >= count;
    }

    /** Whether every row is known to have read fewer than {@code count} tokens. */
    boolean noneRead(long count) {
        return rows.length > 0 && most < count;
    }

    /** Those of the tokens from {@code from} on. */
    Positions from(long from) {
        return new Positions(rotary, Arrays.stream(rows).map(n -> n + from).toArray(), null);
    }

    /** Those of row {@code row} alone. */
    Positions row(int row) {
        return new Positions(rotary, new long[] {rows[together() ? 0 : row]}, null);
    }

    /** What the layers of this call share, made once; {@code key} says what it is. */
    Tensor shared(Object key, Supplier<Tensor> make) {
        Tensor known = derived.get(key);
        if (known == null) {
            try (Scope work = Scope.open()) {
                known = scope.adopt(make.get());
            }
            derived.put(key, known);
        }
        return known;
    }

    private record Read(Device device) {}

    private record Turn(long lag, boolean back, DType dtype, Device device) {}

    /** Tokens read before, int64 [B], or [1] where rows stand together. */
    Tensor read(Device on) {
        return device != null
                ? device
                : shared(new Read(on), () -> Tensors.of(rows, rows.length).to(on));
    }

    /** Turns x [B, n, T, d] by the positions of its tokens. */
    Tensor turn(Tensor x) {
        return x.size(2) == 1 ? turned(x, 0, false) : rotary.apply(x, first());
    }

    /** Turns x [B, n, 1, d] back, which stood {@code lag} tokens before this call's one token. */
    Tensor turnBack(Tensor x, long lag) {
        return turned(x, lag, true);
    }

    private Tensor turned(Tensor x, long lag, boolean back) {
        Tensor matrices = shared(new Turn(lag, back, x.dtype(), x.device()), () -> {
            Tensor each = rotary.matrices(read(x.device()).sub(lag), back, x.dtype());
            return each.size(0) == 1 ? each.squeeze(0) : each; // [d, d] or [B, d, d]
        });
        return matrices.rank() == 2
                ? x.matmul(matrices)
                : x.squeeze(2).matmul(matrices).unsqueeze(2);
    }

    /** What decoding kernels with this window read, for steps like {@code q} [B, H, 1, d]. */
    DecodeClock clock(int window, Tensor q) {
        return clocks.computeIfAbsent(window, w -> {
            try (Scope work = Scope.open()) {
                Device there = q.device();
                Tensor each = scope.adopt(read(there).expand(q.size(0)).contiguous());
                return new DecodeClock(
                        each, rotary.frequencies(there), rotary.scale(), w, rotary.counters(there), scope);
            }
        });
    }

    @Override
    public void close() {
        scope.close();
        derived.clear();
        clocks.clear();
    }
}
