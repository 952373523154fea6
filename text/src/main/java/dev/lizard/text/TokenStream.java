package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * The ids of a text of any length, part by part: as many as the whole text would have, in memory that does not grow with
 * it. Parts end where the tokenizer never looks from one side to the other ({@link TextCuts}). Made by
 * {@link Tokenizer#stream}; what the reader throws comes as {@link UncheckedIOException}.
 */
public final class TokenStream implements Iterator<int[]> {
    /** Characters a part has at least, where there are so many. */
    static final int PART = 1 << 16;

    /**
     * Characters within which a place to cut must be. The library needs some hundred bytes for each, and gives up on
     * a word for which it would have to go back ten million times.
     */
    static final int LONGEST = 1 << 21;

    /** How the parts of one text are encoded, with nothing around them. */
    interface Parts {
        int[] first(String text);

        /** {@code previous}: the last id of what came before; -1 where that had none. */
        int[] next(String text, int previous);
    }

    private final Reader reader;
    private final TextCuts cuts;
    private final Parts parts;
    private final TextFrame frame;
    private final StringBuilder buffer = new StringBuilder();
    private final char[] chunk = new char[PART];
    private boolean atEnd;
    private boolean begun;
    private boolean done;
    private int previous = -1;

    /** A text of its own, with {@code frame} around it. */
    TokenStream(Reader reader, TextCuts cuts, Parts parts, TextFrame frame) {
        this.reader = reader;
        this.cuts = cuts;
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
        return !done;
    }

    /** The ids of the next part; perhaps none. */
    @Override
    public int[] next() {
        if (done) {
            throw new NoSuchElementException();
        }
        String text = part();
        boolean first = !begun;
        begun = true;
        int[] ids = first ? parts.first(text) : text.isEmpty() ? new int[0] : parts.next(text, previous);
        previous = ids.length == 0 ? previous : ids[ids.length - 1];
        return new TextFrame(first ? frame.before() : new int[0], done ? frame.after() : new int[0]).around(ids);
    }

    /** The rest of the ids in one array. */
    public int[] rest() {
        int[] all = new int[PART];
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

    private String part() {
        int searched = 0;
        while (true) {
            int wanted = searched + PART;
            while (!atEnd && buffer.length() <= wanted) {
                fill();
            }
            if (atEnd && buffer.length() <= LONGEST) {
                done = true;
                return take(buffer.length());
            }
            int cut = cuts.last(buffer, searched, Math.min(buffer.length(), LONGEST));
            if (cut > 0) {
                return take(cut);
            }
            searched = buffer.length() - 1;
            if (searched >= LONGEST) {
                throw LizardException.input(("text without a break: expected the end of a word within %,d characters"
                                + " but found none after '%s'; break its lines")
                        .formatted(LONGEST, buffer.substring(0, 20)));
            }
        }
    }

    private String take(int length) {
        String text = buffer.substring(0, length);
        buffer.delete(0, length);
        return text;
    }

    private void fill() {
        try {
            int read = reader.read(chunk);
            atEnd = read < 0;
            buffer.append(chunk, 0, Math.max(0, read));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
