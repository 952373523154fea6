package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How {@link ExactStep} holds queries against keys where the host knows the positions and a state of float32 lies in its
 * memory: key by key in one pass, which widens, turns and multiplies. Operations over all keys write and read each of these
 * to and from memory, at sizes that no cache of a core holds.
 */
final class HostRead {
    /** Keys of all rows and heads that are worth more than one thread. */
    private static final int SHARED = 1 << 12;

    private final ExactSlots exact;
    private final Positions at;
    private final int groups;
    private final int group;
    private final int width;
    private final int filled;
    private final int taken;
    private final long farthest; // that a key is turned by
    private final float scale;
    private final HostAngles angles;
    private final MemorySegment queries;
    private final MemorySegment ringKeys;
    private final MemorySegment ringValues;
    private final MemorySegment pairs;
    private final MemorySegment marks;
    private final MemorySegment places;
    private final boolean coded;
    private final Tensor scores;
    private final Tensor values;
    private final MemorySegment toScores;
    private final MemorySegment toValues;

    private HostRead(ExactSlots exact, MixerState state, MixerInput in, int filled, int taken) {
        this.exact = exact;
        this.filled = filled;
        this.taken = taken;
        at = in.at();
        groups = (int) in.k().size(1);
        group = (int) in.q().size(1) / groups;
        width = (int) in.q().size(3);
        farthest = exact.limit() == 0 ? at.most() : Math.min(at.most(), exact.limit());
        Rotary rotary = at.rotary();
        scale = (float) (rotary.scale() * rotary.scale() / Math.sqrt(width));
        angles = rotary.onHost();
        angles.reach(farthest);
        queries = in.q().contiguous().segment();
        ringKeys = state.get(KeyRing.KEYS).segment();
        ringValues = state.get(KeyRing.VALUES).segment();
        SlotPairs held = taken == 0 ? null : SlotPairs.in(state);
        pairs = held == null ? MemorySegment.NULL : held.pairs().segment();
        marks = held == null ? MemorySegment.NULL : held.marks().segment();
        places = held == null ? MemorySegment.NULL : held.positions().segment();
        coded = held != null && held.pairs().dtype() == DType.INT8;
        scores = Tensors.empty(DType.FLOAT32, Device.CPU, in.batch(), groups, group, filled + taken);
        values = Tensors.empty(DType.FLOAT32, Device.CPU, in.batch(), groups, filled + taken, width);
        toScores = scores.segment();
        toValues = values.segment();
    }

    /** Whether such a state lies so. */
    static boolean serves(ExactSlots exact, MixerState state, MixerInput in) {
        boolean plain = exact.slots() == 0
                || exact.type() == SlotType.INT8
                || SlotPairs.in(state).pairs().dtype() == DType.FLOAT32;
        return plain
                && in.at().bounded()
                && in.q().dtype() == DType.FLOAT32
                && !in.q().isCuda();
    }

    /** Of a ring with {@code filled} places and {@code taken} slots, which hold the query's own token. */
    static ExactStep.Seen run(ExactSlots exact, MixerState state, MixerInput in, int filled, int taken) {
        HostRead read = new HostRead(exact, state, in, filled, taken);
        int heads = (int) in.batch() * read.groups;
        IntStream all = IntStream.range(0, heads);
        boolean shared = Engine.threads() > 1 && heads * (filled + taken) > SHARED;
        (shared ? all.parallel() : all).forEach(read::head);
        return new ExactStep.Seen(read.scores, read.values);
    }

    private void head(int head) {
        HostTile tile = HostTile.of(width / 2, group);
        tile.ask(queries, (long) head * group * width, scale);
        ring(head, tile);
        if (taken > 0) {
            slots(head, tile);
        }
    }

    private void ring(int head, HostTile tile) {
        KeyRing ring = exact.ring();
        long read = at.read(head / groups);
        long store = (long) head * ring.slots() * width;
        long to = (long) head * (filled + taken) * width;
        MemorySegment.copy(
                ringValues, store * Float.BYTES, toValues, to * Float.BYTES, (long) filled * width * Float.BYTES);
        float[] each = new float[HostTile.KEYS];
        for (int from = 0; from < filled; from += HostTile.KEYS) {
            int n = Math.min(HostTile.KEYS, filled - from);
            for (int j = 0; j < n; j++) {
                int place = from + j;
                tile.distances[j] = read < place
                        ? 0
                        : (int)
                                (place < ring.first()
                                        ? Math.max(0, limited(read) - place)
                                        : (read - place) % ring.window());
            }
            tile.loadNumbers(ringKeys, store + (long) from * width, n, width);
            tile.turn(angles, farthest, n);
            for (int r = 0; r < group; r++) {
                tile.products(r, n, each);
                if (read < from + n - 1) {
                    Arrays.fill(each, (int) Math.max(0, read + 1 - from), n, Float.NEGATIVE_INFINITY);
                }
                put(each, n, head, r, from);
            }
        }
    }

    private void slots(int head, HostTile tile) {
        int now = Math.toIntExact(at.read(head / groups) + 1);
        int mark = marked();
        long store = (long) head * exact.slots();
        int[] place = new int[HostTile.KEYS];
        float[] scales = new float[HostTile.KEYS * mark];
        float[] each = new float[HostTile.KEYS];
        for (int from = 0; from < taken; from += HostTile.KEYS) {
            int n = Math.min(HostTile.KEYS, taken - from);
            long first = store + from;
            MemorySegment.copy(places, ValueLayout.JAVA_INT, first * Integer.BYTES, place, 0, n);
            MemorySegment.copy(marks, ValueLayout.JAVA_FLOAT, first * mark * Float.BYTES, scales, 0, n * mark);
            for (int j = 0; j < n; j++) {
                tile.distances[j] = place[j] == 0 ? 0 : (int) limited(now - place[j]);
            }
            if (coded) {
                tile.loadCodes(pairs, first * 2 * width, n);
            } else {
                tile.loadNumbers(pairs, first * 2 * width, n, 2 * width);
            }
            tile.turn(angles, farthest, n);
            for (int r = 0; r < group; r++) {
                tile.products(r, n, each);
                for (int j = 0; j < n; j++) {
                    float product = coded ? each[j] * scales[j * mark + 1 + SlotPairs.KEY] : each[j];
                    each[j] = place[j] == 0 ? Float.NEGATIVE_INFINITY : product;
                }
                put(each, n, head, r, filled + from);
            }
            tile.values(coded, n, toValues, ((long) head * (filled + taken) + filled + from) * width);
        }
    }

    /** Numbers that a slot is marked with. */
    private int marked() {
        return coded ? SlotType.INT8.marks() : SlotType.MODEL.marks();
    }

    private long limited(long distance) {
        return exact.limit() == 0 ? distance : Math.min(distance, exact.limit());
    }

    private void put(float[] each, int n, int head, int r, int place) {
        long to = ((long) head * group + r) * (filled + taken) + place;
        MemorySegment.copy(each, 0, toScores, ValueLayout.JAVA_FLOAT, to * Float.BYTES, n);
    }
}
