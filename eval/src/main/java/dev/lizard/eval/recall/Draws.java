package dev.lizard.eval.recall;

import dev.lizard.tensor.RandomStream;
import java.util.BitSet;
import java.util.List;

/** Random choices that the generators share. */
final class Draws {
    private Draws() {}

    /** {@code count} different numbers of [from, to), in random order. */
    static int[] distinct(int from, int to, int count, RandomStream random) {
        BitSet taken = new BitSet();
        int[] drawn = new int[count];
        for (int i = 0; i < count; i++) {
            int next = random.nextInt(to - from);
            while (taken.get(next)) {
                next = random.nextInt(to - from);
            }
            taken.set(next);
            drawn[i] = from + next;
        }
        return drawn;
    }

    static <T> T one(List<T> of, RandomStream random) {
        return of.get(random.nextInt(of.size()));
    }
}
