package dev.lizard.text;

import java.util.Arrays;

/**
 * Encodes texts of any length in memory that grows with their tokens alone: a long one is read in sections, cut where
 * that changes nothing. What a tokenizer adds comes once, around the whole.
 */
final class LongText {
    /** A text of up to twice as many characters is encoded at once. */
    static final int SECTION = 1 << 16;

    private int[] ids = new int[SECTION];
    private int[] starts = new int[SECTION];
    private int length;

    private LongText() {}

    /** As {@link Tokenizer#encode(Rendering, boolean)}. */
    static Tokenized encode(Tokenizer tokenizer, Rendering text, boolean addSpecial) {
        int size = text.text().length();
        int end = cut(tokenizer, text.text(), 0);
        Tokenized first = tokenizer.encode(text.part(0, end), addSpecial);
        if (end == size) {
            return first;
        }
        int kept = first.ids().length;
        while (kept > 0 && first.starts()[kept - 1] < 0) {
            kept--; // what is added behind a text
        }
        LongText all = new LongText();
        all.append(first, 0, kept, 0);
        for (int begin = end; begin < size; begin = end) {
            end = cut(tokenizer, text.text(), begin);
            int previous = all.length == 0 ? 0 : all.ids[all.length - 1];
            Tokenized next = tokenizer.encodeContinuation(text.part(begin, end), previous);
            all.append(next, 0, next.ids().length, begin);
        }
        all.append(first, kept, first.ids().length, 0);
        return new Tokenized(Arrays.copyOf(all.ids, all.length), Arrays.copyOf(all.starts, all.length));
    }

    private void append(Tokenized part, int from, int to, int shift) {
        if (length + to - from > ids.length) {
            int room = Math.max(length + to - from, ids.length + ids.length / 2);
            ids = Arrays.copyOf(ids, room);
            starts = Arrays.copyOf(starts, room);
        }
        for (int i = from; i < to; i++, length++) {
            ids[length] = part.ids()[i];
            starts[length] = part.starts()[i] < 0 ? -1 : part.starts()[i] + shift;
        }
    }

    /** Where the section that begins at {@code from} ends. */
    private static int cut(Tokenizer tokenizer, String text, int from) {
        int most = from + 2 * SECTION;
        int cut = -1;
        for (int least = from + SECTION; cut < 0 && most < text.length(); least = most, most += SECTION) {
            if (most - from > TokenStream.LONGEST) {
                // A word of that length is broken: whole, it would take too much memory.
                return Character.isLowSurrogate(text.charAt(least)) ? least - 1 : least;
            }
            cut = tokenizer.cut(text, least, most);
        }
        return cut < 0 ? text.length() : cut;
    }
}
