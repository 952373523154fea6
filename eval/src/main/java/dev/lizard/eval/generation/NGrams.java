package dev.lizard.eval.generation;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Runs of n tokens in a text, and how often they come again. */
final class NGrams {
    /**
     * A stretch that says the same again and again.
     *
     * @param tokens its length; 0 where nothing is said twice in a row
     * @param period tokens after which it says the same
     */
    record Loop(int tokens, int period) {}

    private NGrams() {}

    /** All n-grams of a text in order; none in one shorter than n. */
    private static List<List<Integer>> of(int[] ids, int n) {
        List<Integer> text = Arrays.stream(ids).boxed().toList();
        return IntStream.rangeClosed(0, ids.length - n)
                .mapToObj(at -> text.subList(at, at + n))
                .toList();
    }

    /** Number of n-grams. */
    static int count(int[] ids, int n) {
        return Math.max(0, ids.length - n + 1);
    }

    /** Number of different n-grams. */
    static int distinct(int[] ids, int n) {
        return new HashSet<>(of(ids, n)).size();
    }

    /** Number of tokens that stand in an n-gram which the text had before, even if they overlap. */
    static int repeated(int[] ids, int n) {
        Set<List<Integer>> before = new HashSet<>();
        boolean[] again = new boolean[ids.length];
        int at = 0;
        for (List<Integer> gram : of(ids, n)) {
            if (!before.add(gram)) {
                Arrays.fill(again, at, at + n, true);
            }
            at++;
        }
        return (int) IntStream.range(0, again.length).filter(i -> again[i]).count();
    }

    /** The longest stretch that repeats its first {@code period} tokens at least once; of equals the shortest period. */
    static Loop longestLoop(int[] ids) {
        Loop longest = new Loop(0, 0);
        for (int period = 1; period <= ids.length / 2; period++) {
            int run = 0;
            for (int i = period; i < ids.length; i++) {
                run = ids[i] == ids[i - period] ? run + 1 : 0;
                if (run >= period && run + period > longest.tokens) {
                    longest = new Loop(run + period, period);
                }
            }
        }
        return longest;
    }
}
