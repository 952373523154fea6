package dev.lizard.eval.run;

import dev.lizard.eval.run.PairEncoder.Pair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The candidates of an item as rows to be read. Candidates that are read alike, such as single letters after one prompt,
 * share a row.
 *
 * @param index of the item
 * @param rows what is read for each, the last token of a candidate not being
 * @param wanted what is asked of them
 * @param candidates number of them
 * @param shared how many first tokens all rows have in common and none of {@code wanted} needs
 * @param longest tokens of the longest row
 */
record Question(int index, List<int[]> rows, List<Wanted> wanted, int candidates, int shared, int longest) {
    /**
     * How likely a token is.
     *
     * @param row which is read
     * @param at place of the last token read before it
     * @param target its id
     * @param candidate that it is part of
     */
    record Wanted(int row, int at, int target, int candidate) {}

    static Question of(int index, List<Pair> candidates) {
        List<int[]> rows = new ArrayList<>();
        List<Wanted> wanted = new ArrayList<>();
        int shared = Integer.MAX_VALUE;
        int longest = 0;
        for (int i = 0; i < candidates.size(); i++) {
            Pair pair = candidates.get(i);
            int[] read = Arrays.copyOf(pair.ids(), pair.ids().length - 1);
            int row = indexOf(rows, read);
            if (row == rows.size()) {
                rows.add(read);
            }
            for (int at = pair.from(); at < pair.ids().length; at++) {
                wanted.add(new Wanted(row, at - 1, pair.ids()[at], i));
            }
            shared = Math.min(shared, Math.min(pair.from() - 1, common(rows.getFirst(), read)));
            longest = Math.max(longest, read.length);
        }
        return new Question(index, rows, wanted, candidates.size(), shared, longest);
    }

    /** How many first tokens the shared beginning has in common with {@code other}. */
    int common(int[] other) {
        return Math.min(shared, common(rows.getFirst(), other));
    }

    private static int indexOf(List<int[]> rows, int[] row) {
        for (int i = 0; i < rows.size(); i++) {
            if (Arrays.equals(rows.get(i), row)) {
                return i;
            }
        }
        return rows.size();
    }

    private static int common(int[] a, int[] b) {
        int mismatch = Arrays.mismatch(a, b);
        return mismatch < 0 ? a.length : mismatch;
    }
}
