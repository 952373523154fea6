package dev.lizard.eval.task;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * MT19937 (Matsumoto and Nishimura 1998) with the seeding and drawing of Python's {@code random}: lm-evaluation-harness
 * draws its few-shot examples with it, so that the same seed gives the same prompts.
 */
final class MersenneTwister {
    private static final int N = 624;
    private static final int M = 397;
    private static final int SMALL_SET = 21;
    private static final int LARGE_SAMPLE = 5;

    private final int[] state = new int[N];
    private int next = N;

    /** @param seed at least 0 */
    MersenneTwister(long seed) {
        int[] key = seed >>> Integer.SIZE == 0 ? new int[] {(int) seed} : new int[] {(int) seed, (int) (seed >>> 32)};
        fill(19_650_218);
        int i = 1;
        for (int k = 0; k < Math.max(N, key.length); k++) {
            int j = k % key.length;
            state[i] = (state[i] ^ (mixed(i) * 1_664_525)) + key[j] + j;
            i = following(i);
        }
        for (int k = 0; k < N - 1; k++) {
            state[i] = (state[i] ^ (mixed(i) * 1_566_083_941)) - i;
            i = following(i);
        }
        state[0] = 1 << 31;
    }

    /** {@code count} different numbers of 0 to {@code size} − 1. */
    List<Integer> sample(int size, int count) {
        if (count < 0 || count > size) {
            throw new IllegalArgumentException("cannot draw %d of %d".formatted(count, size));
        }
        return size <= poolLimit(count) ? fromPool(size, count) : byRejection(size, count);
    }

    /** Uniform in [0, 2^bits). */
    int bits(int bits) {
        return word() >>> (Integer.SIZE - bits);
    }

    private List<Integer> fromPool(int size, int count) {
        List<Integer> drawn = new ArrayList<>();
        int[] pool = new int[size];
        for (int i = 0; i < size; i++) {
            pool[i] = i;
        }
        for (int i = 0; i < count; i++) {
            int at = below(size - i);
            drawn.add(pool[at]);
            pool[at] = pool[size - i - 1];
        }
        return drawn;
    }

    private List<Integer> byRejection(int size, int count) {
        Set<Integer> drawn = new LinkedHashSet<>();
        while (drawn.size() < count) {
            drawn.add(below(size));
        }
        return List.copyOf(drawn);
    }

    /** Up to which size a list of all is smaller than a set of the drawn. */
    private static long poolLimit(int count) {
        long limit = SMALL_SET;
        if (count > LARGE_SAMPLE) {
            long power = 1;
            while (power < 3L * count) {
                power *= 4;
            }
            limit += power;
        }
        return limit;
    }

    private int below(int bound) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(bound);
        int drawn = bits(bits);
        while (drawn >= bound) {
            drawn = bits(bits);
        }
        return drawn;
    }

    private void fill(int seed) {
        state[0] = seed;
        for (int i = 1; i < N; i++) {
            state[i] = mixed(i) * 1_812_433_253 + i;
        }
    }

    private int mixed(int i) {
        return state[i - 1] ^ (state[i - 1] >>> 30);
    }

    private int following(int i) {
        if (i + 1 < N) {
            return i + 1;
        }
        state[0] = state[N - 1];
        return 1;
    }

    private int word() {
        if (next == N) {
            twist();
        }
        int y = state[next++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9d2c5680;
        y ^= (y << 15) & 0xefc60000;
        return y ^ (y >>> 18);
    }

    private void twist() {
        for (int i = 0; i < N; i++) {
            int y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
            state[i] = state[(i + M) % N] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
        }
        next = 0;
    }
}
