package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What {@link ExactStep} does with tokens that leave the window, where the host knows the positions and the state lies in its
 * memory: the same, number for number, in one pass over the scores, and most tokens are not even rounded.
 */
final class HostRace {
    private final SlotPairs held;
    private final boolean wide;
    private final int slots;
    private final int width;
    private final int marks;
    private final MemorySegment worth; // with what else is marked
    private final MemorySegment positions;

    private HostRace(ExactSlots exact, SlotPairs held) {
        this.held = held;
        wide = held.marks().dtype() == DType.FLOAT64;
        slots = exact.slots();
        width = (int) held.pairs().size(3) / 2;
        marks = (int) held.marks().size(3);
        worth = held.marks().segment();
        positions = held.positions().segment();
    }

    /** Whether slots of this kind can be filled so. */
    static boolean serves(MixerState state, Positions at) {
        SlotPairs held = SlotPairs.in(state);
        boolean plain = held.pairs().dtype() == DType.INT8
                || held.pairs().dtype() == held.marks().dtype();
        return at.bounded() && !held.marks().device().isCuda() && plain;
    }

    /** The token before the window takes the worst slot of each head if it is better; to be asked before another lies there. */
    static void run(ExactSlots exact, MixerState state, Positions at) {
        HostRace race = new HostRace(exact, SlotPairs.in(state));
        KeyRing ring = exact.ring();
        Tensor scores = state.get(ExactSlots.SCORES);
        int groups = (int) scores.size(1);
        for (int head = 0; head < scores.size(0) * groups; head++) {
            long read = at.read(head / groups);
            if (read < ring.slots()) {
                continue;
            }
            long there = (long) head * ring.slots() + ring.slot(read);
            double score = numbers(scores, there, 1)[0];
            int worst = race.worst(head * race.slots);
            if (race.position(worst) == 0 || race.worth(worst) <= score) {
                double[] key = numbers(state.get(KeyRing.KEYS), there * race.width, race.width);
                double[] value = numbers(state.get(KeyRing.VALUES), there * race.width, race.width);
                race.put(worst, score, key, value, Math.toIntExact(read - ring.window() + 1));
            }
        }
    }

    private int position(int slot) {
        return positions.getAtIndex(ValueLayout.JAVA_INT, slot);
    }

    private double worth(int slot) {
        long at = (long) slot * marks;
        return wide ? worth.getAtIndex(ValueLayout.JAVA_DOUBLE, at) : worth.getAtIndex(ValueLayout.JAVA_FLOAT, at);
    }

    /** The first free one, or the worst, of equal ones the earliest token's. */
    private int worst(int from) {
        int worst = from;
        int position = position(from);
        double least = worth(from);
        for (int i = from + 1; i < from + slots && position != 0; i++) {
            double other = worth(i);
            int there = position(i);
            if (there == 0 || other < least || (other == least && there < position)) {
                worst = i;
                position = there;
                least = other;
            }
        }
        return worst;
    }

    private void put(int slot, double score, double[] key, double[] value, int position) {
        double[] marked = new double[marks];
        marked[0] = score;
        if (marks == 1) {
            write(held.pairs(), 2L * slot * width, key);
            write(held.pairs(), (2L * slot + 1) * width, value);
        } else {
            marked[1 + SlotPairs.KEY] = code(key, 2L * slot * width);
            marked[1 + SlotPairs.VALUE] = code(value, (2L * slot + 1) * width);
        }
        write(held.marks(), (long) slot * marks, marked);
        positions.setAtIndex(ValueLayout.JAVA_INT, slot, position);
    }

    /** Writes whole numbers of one byte, and tells their scale; in the type of the state, as {@link SlotPairs} does. */
    private double code(double[] x, long at) {
        double most = 0;
        for (double value : x) {
            most = Math.max(most, Math.abs(value));
        }
        most = Math.max(most, wide ? SlotPairs.SMALLEST : (float) SlotPairs.SMALLEST);
        double scale = wide ? most * (1 / SlotPairs.MOST) : (float) most * (float) (1 / SlotPairs.MOST);
        byte[] codes = new byte[x.length];
        for (int i = 0; i < x.length; i++) {
            codes[i] = (byte) Math.rint(wide ? x[i] / scale : (float) x[i] / (float) scale);
        }
        MemorySegment.copy(MemorySegment.ofArray(codes), 0, held.pairs().segment(), at, codes.length);
        return scale;
    }

    private static double[] numbers(Tensor x, long from, long count) {
        if (x.dtype() == DType.FLOAT64) {
            return slice(x, from, count).toArray(ValueLayout.JAVA_DOUBLE);
        }
        float[] narrow = slice(x, from, count).toArray(ValueLayout.JAVA_FLOAT);
        double[] numbers = new double[narrow.length];
        for (int i = 0; i < narrow.length; i++) {
            numbers[i] = narrow[i];
        }
        return numbers;
    }

    private static void write(Tensor x, long from, double[] numbers) {
        if (x.dtype() == DType.FLOAT64) {
            slice(x, from, numbers.length).copyFrom(MemorySegment.ofArray(numbers));
            return;
        }
        float[] narrow = new float[numbers.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) numbers[i];
        }
        slice(x, from, narrow.length).copyFrom(MemorySegment.ofArray(narrow));
    }

    private static MemorySegment slice(Tensor x, long from, long count) {
        long each = x.dtype() == DType.FLOAT64 ? Double.BYTES : Float.BYTES;
        return x.segment().asSlice(from * each, count * each);
    }
}
