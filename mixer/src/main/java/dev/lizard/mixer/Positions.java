package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.DecodeClock;
import dev.lizard.tensor.kernel.SlotDecodeKernel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where the tokens of one call stand: each row of the batch has read n_b tokens before, so its first token here has
 * position n_b.
 *
 * <p>The layers of a call share it, and what they derive from it (angles, slots, masks) is made once: it owns that, and
 * whoever makes positions closes them. A step of one token a row needs device tensors alone, and is then the same
 * sequence of operations wherever its rows stand, so that it can be recorded. Longer calls need all rows at one position, and how
 * many tokens were read only where that decides what is visible: a window that is full stays full.
 */
public final class Positions implements AutoCloseable {
    private final Rotary rotary;
    private final long[] rows; // one number for all rows that stand together; none where only the device knows
    private final long least; // of rows
    private final long most;
    private final @Nullable Tensor device; // int64 [B]
    private final @Nullable Tensor documents; // int32 [B, T]
    private final Scope scope = Scope.owner();
    private final Map<Object, Tensor> derived = new HashMap<>();
    private final Map<Integer, DecodeClock> clocks = new HashMap<>(); // by window

    private Positions(Rotary rotary, long[] rows, @Nullable Tensor device) {
        this(rotary, rows, device, 0, Long.MAX_VALUE, null);
    }

    private Positions(
            Rotary rotary,
            long[] rows,
            @Nullable Tensor device,
            long atLeast,
            long atMost,
            @Nullable Tensor documents) {
        this.rotary = rotary;
        this.rows = rows;
        this.documents = documents;
        long low = Long.MAX_VALUE;
        long high = Long.MIN_VALUE;
        for (long row : rows) {
            low = Math.min(low, row);
            high = Math.max(high, row);
        }
        least = rows.length == 0 ? atLeast : low;
        most = rows.length == 0 ? atMost : high;
        this.device = device;
    }

    /** Of whole sequences. */
    public static Positions start(Rotary rotary) {
        return new Positions(rotary, new long[1], null);
    }

    /**
     * Of whole sequences in which several documents are packed, none of which sees another.
     *
     * @param documents where in its sequence each token's document begins, int32 [B, T], which stays its owner's
     */
    public static Positions packed(Rotary rotary, Tensor documents) {
        if (documents.dtype() != DType.INT32) {
            throw new IllegalArgumentException("documents of " + documents.dtype() + ": expected int32");
        }
        return new Positions(rotary, new long[1], null, 0, Long.MAX_VALUE, documents);
    }

    /** Of rows that have read so many tokens each; one number stands for all rows. */
    public static Positions of(Rotary rotary, long... read) {
        boolean together = true;
        for (long row : read) {
            together &= row == read[0];
        }
        return new Positions(rotary, together ? new long[] {read[0]} : read.clone(), null);
    }

    /**
     * Of rows whose counts int64 [B] only the device knows: for calls that are recorded, of one token a row or of one row.
     *
     * @param atLeast tokens that each row is known to have read
     */
    public static Positions on(Rotary rotary, Tensor read, long atLeast) {
        return on(rotary, read, atLeast, Long.MAX_VALUE);
    }

    /**
     * The same where more is known.
     *
     * @param atMost tokens that no row has read more than
     */
    public static Positions on(Rotary rotary, Tensor read, long atLeast, long atMost) {
        return new Positions(rotary, new long[0], read, atLeast, atMost, null);
    }

    /** The beginning of a text in a call that is recorded: {@code read} [1] holds 0. */
    public static Positions beginning(Rotary rotary, Tensor read) {
        return new Positions(rotary, new long[1], read);
    }

    public Rotary rotary() {
        return rotary;
    }

    /** Where in its sequence each token's document begins, int32 [B, T]; null where tokens see all before them. */
    @Nullable
    Tensor documents() {
        return documents;
    }

    private void requireWhole() {
        if (documents != null) {
            throw new IllegalStateException("packed documents are read whole, by the parallel and the chunk form");
        }
    }

    /** Whether all rows are known to stand at one position. */
    boolean together() {
        return rows.length == 1 || (device != null && device.count() == 1);
    }

    /** Whether this is of a call that is recorded, whose tensors must be the device's own. */
    boolean recorded() {
        return device != null;
    }

    /** Whether {@link #first} is known: of all rows, standing together. */
    boolean known() {
        return rows.length == 1;
    }

    /**
     * Tokens read before, which is the position of the first token.
     *
     * @throws IllegalStateException unless all rows stand {@link #together}
     */
    long first() {
        if (rows.length != 1) {
            throw new IllegalStateException("rows stand at different positions, or the device alone knows where");
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

    /** Whether {@link #most} and {@link #read(int)} are known. */
    boolean bounded() {
        return rows.length > 0;
    }

    /** Tokens that row {@code row} has read before, which must be known. */
    long read(int row) {
        return rows[rows.length == 1 ? 0 : row];
    }

    /** Whether every row is known to have read at least {@code count} tokens. */
    boolean allRead(long count) {
        return least >= count;
    }

    /** Whether every row is known to have read fewer than {@code count} tokens. */
    boolean noneRead(long count) {
        return most < count;
    }

    /** min(n, count) for the n tokens read: of all rows, standing together. */
    long readUpTo(long count) {
        return allRead(count) ? count : first();
    }

    /** Those of the tokens from {@code from} on. */
    Positions from(long from) {
        requireWhole();
        return new Positions(rotary, Arrays.stream(rows).map(n -> n + from).toArray(), null);
    }

    /** Those of row {@code row} alone. */
    Positions row(int row) {
        requireWhole();
        return new Positions(rotary, new long[] {rows[rows.length == 1 ? 0 : row]}, null);
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
        return x.size(2) == 1 ? turned(x, 0, false) : rotary.turned(x, waves(0, x.size(2), x), false);
    }

    /** Turns x [B, n, L, d], whose first token stands {@code offset} after this call's first. */
    Tensor turn(Tensor x, long offset) {
        return rotary.turned(x, waves(offset, x.size(2), x), false);
    }

    /** Turns x [B, n, 1, d], which stands {@code lag} before each row's token. */
    Tensor turnBefore(Tensor x, long lag) {
        return turned(x, lag, false);
    }

    /** Turns x [B, n, L, d] back, whose first token stands {@code lag} before this call's first. */
    Tensor turnBack(Tensor x, long lag) {
        return x.size(2) == 1 && lag > 0 ? turned(x, lag, true) : rotary.turned(x, waves(-lag, x.size(2), x), true);
    }

    /**
     * cos and sin of the angles from {@code offset} tokens after this call's first on: float32 [length, d] each. They
     * count on through packed documents, for those who turn queries and keys alike.
     */
    Rotary.Waves angles(long offset, long length, Device on) {
        return documents != null
                ? rotary.waves(offset, length, DType.FLOAT32, on)
                : waves(offset, length, DType.FLOAT32, on);
    }

    private Rotary.Waves waves(long offset, long length, Tensor like) {
        return waves(offset, length, like.dtype(), like.device());
    }

    private Rotary.Waves waves(long offset, long length, DType dtype, Device on) {
        if (device == null && documents == null) {
            return rotary.waves(first() + offset, length, dtype, on);
        }
        return angles(new Angles(offset, length, dtype, on), () -> rotary.waves(places(offset, length, on), dtype));
    }

    /** Angles that the layers of this call share, made once; {@code key} says which. */
    Rotary.Waves angles(Object key, Supplier<Rotary.Waves> make) {
        Tensor both = shared(key, () -> {
            Rotary.Waves waves = make.get();
            return Tensors.stack(List.of(waves.cos(), waves.sin()), 0);
        });
        return new Rotary.Waves(both.select(0, 0), both.select(0, 1));
    }

    private record Plain(long from, long length, DType dtype, Device device) {}

    /** Angles of {@code length} places from {@code from} on, wherever this call stands: for queries and keys alike. */
    Rotary.Waves plain(long from, long length, Tensor like) {
        DType dtype = like.dtype();
        Device on = like.device();
        return device == null
                ? rotary.waves(from, length, dtype, on)
                : angles(
                        new Plain(from, length, dtype, on),
                        () -> rotary.waves(Tensors.arange(from, from + length, on), dtype));
    }

    /** Positions of tokens, int64 [length]; with documents each from its own's beginning, [B, 1, length]. */
    private Tensor places(long offset, long length, Device on) {
        Tensor place = Tensors.arange(offset, offset + length, on);
        if (documents != null) {
            return place.sub(documents.narrow(1, offset, length)).unsqueeze(1);
        }
        return device == null ? place.add(first()) : place.add(device);
    }

    private record Angles(long offset, long length, DType dtype, Device device) {}

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

    private record Rows(long batch, Device device) {}

    /** What decoding kernels with slots read, for steps like {@code q} [B, H, 1, d]. */
    SlotDecodeKernel.Clock slotClock(Tensor q) {
        Device there = q.device();
        Tensor each = shared(
                new Rows(q.size(0), there), () -> read(there).expand(q.size(0)).contiguous());
        return new SlotDecodeKernel.Clock(each, rotary.turns(there), rotary.scale(), rotary.counters(there));
    }

    @Override
    public void close() {
        scope.close();
        derived.clear();
        clocks.clear();
    }
}
