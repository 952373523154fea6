package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** A text of any length in parts that a tokenizer never looks across ({@link TextCuts}); an empty text has one. */
final class TextParts implements Iterator<String> {
    /** Characters a part has at least, where there are so many and their bytes have no limit. */
    static final int PART = 1 << 16;

    /**
     * Characters within which a place to cut must be. The library needs some hundred bytes for each, and gives up on
     * a word for which it would have to go back ten million times.
     */
    static final int LONGEST = 1 << 21;

    /** Bytes of UTF-8 within which it must be where a word may be broken, as in records. */
    static final int BROKEN = 2 * PART;

    /** Where a text may be cut: {@link Tokenizer#cut}. */
    @FunctionalInterface
    interface Cuts {
        int last(CharSequence text, int from, int to);
    }

    private final Reader reader;
    private final Cuts cuts;
    private final boolean breaks;
    private final StringBuilder buffer = new StringBuilder();
    private final char[] chunk = new char[PART];
    private boolean atEnd;
    private boolean done;

    /** @param breaks whether a word that is too long is broken; else it is refused */
    TextParts(Reader reader, Cuts cuts, boolean breaks) {
        this.reader = reader;
        this.cuts = cuts;
        this.breaks = breaks;
    }

    @Override
    public boolean hasNext() {
        return !done;
    }

    @Override
    public String next() {
        if (done) {
            throw new NoSuchElementException();
        }
        int searched = 0;
        while (true) {
            int wanted = searched + PART;
            while (!atEnd && buffer.length() <= wanted) {
                fill();
            }
            int longest = breaks ? within(BROKEN) : LONGEST;
            if (atEnd && buffer.length() <= longest) {
                done = true;
                return take(buffer.length());
            }
            int end = Math.min(buffer.length(), longest);
            int cut = cuts.last(buffer, Math.min(searched, end), end);
            if (cut > 0) {
                return take(cut);
            }
            searched = buffer.length() - 1;
            if (searched >= longest) {
                return broken(longest);
            }
        }
    }

    /** Characters at the buffer's beginning that have so many bytes at most; halves of a pair stay together. */
    private int within(int bytes) {
        int length = 0;
        for (int left = bytes; length < buffer.length(); ) {
            int c = Character.codePointAt(buffer, length);
            left -= c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            if (left < 0) {
                return length;
            }
            length += Character.charCount(c);
        }
        return Math.max(length, 1);
    }

    private String broken(int longest) {
        if (!breaks) {
            throw LizardException.input(("text without a break: expected the end of a word within %,d characters"
                            + " but found none after '%s'; break its lines")
                    .formatted(longest, buffer.substring(0, 20)));
        }
        return take(longest);
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
