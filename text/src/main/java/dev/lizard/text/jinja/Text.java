package dev.lizard.text.jinja;

import java.util.Arrays;

/**
 * A string that knows which of its characters were quoted from the variables.
 *
 * @param marks [begin, end, source, begin, end, source, ...] in order, not overlapping; sources are positive, all else
 *     is the template's own
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by its characters alone.
record Text(String chars, int[] marks) {
    static final int[] OWN = {};
    static final Text EMPTY = new Text("", OWN);

    static Text of(String chars) {
        return chars.isEmpty() ? EMPTY : new Text(chars, OWN);
    }

    /** Quoted from {@code source}; the template's own where that is 0. */
    static Text of(String chars, int source) {
        return source == 0 || chars.isEmpty() ? of(chars) : new Text(chars, new int[] {0, chars.length(), source});
    }

    boolean isEmpty() {
        return chars.isEmpty();
    }

    int length() {
        return chars.length();
    }

    /** The characters from {@code begin} to {@code end}, the latter not included. */
    Text part(int begin, int end) {
        if (begin == 0 && end == chars.length()) {
            return this;
        }
        if (begin >= end) {
            return EMPTY;
        }
        String cut = chars.substring(begin, end);
        if (marks.length == 0) {
            return new Text(cut, OWN);
        }
        int first = first(begin);
        int last = first;
        while (last < marks.length && marks[last] < end) {
            last += 3;
        }
        int[] kept = Arrays.copyOfRange(marks, first, last);
        for (int i = 0; i < kept.length; i += 3) {
            kept[i] = Math.max(kept[i], begin) - begin;
            kept[i + 1] = Math.min(kept[i + 1], end) - begin;
        }
        return new Text(cut, kept.length == 0 ? OWN : kept);
    }

    Text from(int begin) {
        return part(begin, chars.length());
    }

    /** Whose character stands at {@code index}. */
    int source(int index) {
        int at = first(index);
        return at < marks.length && index >= marks[at] ? marks[at + 2] : 0;
    }

    /** Place in {@link #marks} of the first mark that ends after {@code index}. */
    private int first(int index) {
        int low = 0;
        int high = marks.length / 3;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (marks[3 * middle + 1] <= index) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return 3 * low;
    }

    /** Number of characters as Python counts them. */
    int count() {
        return chars.codePointCount(0, chars.length());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Text(String same, int[] _) && chars.equals(same);
    }

    @Override
    public int hashCode() {
        return chars.hashCode();
    }

    @Override
    public String toString() {
        return chars;
    }
}
