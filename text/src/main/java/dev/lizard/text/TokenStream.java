package dev.lizard.text;

import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Iterator;

/**
 * The ids of a text of any length, part by part: as many as the whole text would have, in memory that does not grow with
 * it. Parts end where the tokenizer never looks from one side to the other ({@link TextCuts}). Made by
 * {@link Tokenizer#stream}; what the reader throws comes as {@link UncheckedIOException}.
 */
public final class TokenStream implements Iterator<int[]> {
    /** How the parts of one text are encoded, with nothing around them. */
    interface Parts {
        int[] first(String text);

        /** {@code previous}: the last id of what came before; -1 where that had none. */
        int[] next(String text, int previous);
    }

    private final TextParts texts;
    private final Parts parts;
    private final TextFrame frame;
    private boolean begun;
    private int previous = -1;

    /** A text of its own, with {@code frame} around it. */
    TokenStream(Reader reader, TextCuts cuts, Parts parts, TextFrame frame) {
        this.texts = new TextParts(reader, cuts::last, false);
        this.parts = parts;
        this.frame = frame;
    }

    /** A text that goes on after the id {@code previous}. */
    TokenStream(Reader reader, TextCuts cuts, Parts parts, int previous) {
        this(reader, cuts, parts, TextFrame.NONE);
        this.previous = previous;
        begun = true;
    }

    @Override
    public boolean hasNext() {
        return texts.hasNext();
    }

    /** The ids of the next part; perhaps none. */
    @Override
    public int[] next() {
        String text = texts.next();
        boolean first = !begun;
        begun = true;
        int[] ids = first ? parts.first(text) : text.isEmpty() ? new int[0] : parts.next(text, previous);
        previous = ids.length == 0 ? previous : ids[ids.length - 1];
        return new TextFrame(first ? frame.before() : new int[0], texts.hasNext() ? new int[0] : frame.after())
                .around(ids);
    }

    /** The rest of the ids in one array. */
    public int[] rest() {
        int[] all = new int[TextParts.PART];
        int length = 0;
        while (hasNext()) {
            int[] ids = next();
            if (length + ids.length > all.length) {
                all = Arrays.copyOf(all, Math.max(length + ids.length, all.length + all.length / 2));
            }
            System.arraycopy(ids, 0, all, length, ids.length);
            length += ids.length;
        }
        return Arrays.copyOf(all, length);
    }
}
