package dev.lizard.eval.recall;

import java.nio.IntBuffer;
import java.util.HashSet;
import java.util.Set;

/**
 * Which tokens of a text only say again what it said before. With n-grams g_t = (x_{t−n+1}, ..., x_t):
 *
 * <pre>
 *   x_t is repeated       if g_t = g_s for some s &lt; t: a memory of the text could have known it
 *   x_t is first-seen     otherwise, as are the first n − 1 tokens
 * </pre>
 *
 * <p>Both are of what was read, not of what is common: a frequent n-gram is first-seen once in each text.
 */
final class Repeats {
    /** n unless it is said. */
    static final int N = 3;

    private Repeats() {}

    /** Of each token [T]. */
    static boolean[] of(int[] ids, int n) {
        boolean[] repeated = new boolean[ids.length];
        Set<IntBuffer> seen = new HashSet<>();
        for (int t = n - 1; t < ids.length; t++) {
            repeated[t] = !seen.add(IntBuffer.wrap(ids, t - n + 1, n).slice());
        }
        return repeated;
    }
}
