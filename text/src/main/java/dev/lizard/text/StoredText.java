package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.CodingErrorAction;
import java.util.ArrayList;
import java.util.List;

/**
 * A long text as UTF-8 in arrays of one size: neither growing nor reading it makes another copy. Halves of surrogate
 * pairs, which have no UTF-8, become U+FFFD, as they do before any tokenizer.
 */
final class StoredText implements Passage {
    private static final int ARRAY = 1 << 16;

    private final List<byte[]> arrays = new ArrayList<>();
    private int used = ARRAY;
    private int length;
    private final Writer writer = new BufferedWriter(new OutputStreamWriter(
            new Arrays(),
            UTF_8.newEncoder().onMalformedInput(CodingErrorAction.REPLACE).replaceWith("\uFFFD".getBytes(UTF_8))));

    /** Adds a character; {@link #end} follows the last. */
    void append(char c) {
        try {
            writer.write(c);
            length++;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    void end() {
        try {
            writer.close();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public Reader reader() {
        return new InputStreamReader(new Bytes(), UTF_8);
    }

    /** Its first characters, for messages. */
    String beginning() {
        char[] first = new char[20];
        try {
            int n = reader().read(first);
            return new String(first, 0, n) + "...";
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** All of it, for those who cannot but have it whole. */
    String whole() {
        StringBuilder text = new StringBuilder(length);
        char[] buffer = new char[1 << 13];
        try (Reader reader = reader()) {
            for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
                text.append(buffer, 0, n);
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    /** Appends bytes to the arrays. */
    private final class Arrays extends OutputStream {
        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int count) {
            for (int at = offset, left = count; left > 0; ) {
                if (used == ARRAY) {
                    arrays.add(new byte[ARRAY]);
                    used = 0;
                }
                int n = Math.min(left, ARRAY - used);
                System.arraycopy(bytes, at, arrays.getLast(), used, n);
                used += n;
                at += n;
                left -= n;
            }
        }
    }

    /** Reads the arrays. */
    private final class Bytes extends InputStream {
        private int array;
        private int at;

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] buffer, int offset, int count) {
            if (array < arrays.size() && at == ARRAY) {
                array++;
                at = 0;
            }
            int end = array < arrays.size() - 1 ? ARRAY : array < arrays.size() ? used : 0;
            int n = Math.min(count, end - at);
            if (n <= 0) {
                return count == 0 ? 0 : -1;
            }
            System.arraycopy(arrays.get(array), at, buffer, offset, n);
            at += n;
            return n;
        }
    }
}
