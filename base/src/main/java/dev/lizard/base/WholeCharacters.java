package dev.lizard.base;

import java.io.Reader;

/**
 * A text read in chunks that do not end between the halves of a surrogate pair: the YAML reader fails on such an end
 * where its buffer is full.
 */
final class WholeCharacters extends Reader {
    private final String text;
    private int at;

    WholeCharacters(String text) {
        this.text = text;
    }

    @Override
    public int read(char[] buffer, int offset, int length) {
        int rest = text.length() - at;
        if (rest == 0) {
            return -1;
        }
        int count = Math.min(length, rest);
        if (count > 1 && count < rest && Character.isHighSurrogate(text.charAt(at + count - 1))) {
            count--;
        }
        text.getChars(at, at + count, buffer, offset);
        at += count;
        return count;
    }

    @Override
    public void close() {
        // nothing to let go
    }
}
