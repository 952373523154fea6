package dev.lizard.text;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;

/** Words of a record. Short ones are a string; long ones are never whole in memory but read part by part. */
sealed interface Passage permits Passage.Plain, Passage.Joined, StoredText {
    /** In UTF-16. */
    int length();

    /** Reads it from its beginning. */
    Reader reader();

    static Passage of(String text) {
        return new Plain(text);
    }

    static Passage of(Passage... parts) {
        return new Joined(List.of(parts));
    }

    default boolean isBlank() {
        try (Reader reader = reader()) {
            int c = reader.read();
            while (c >= 0 && Character.isWhitespace(c)) {
                c = reader.read();
            }
            return c < 0;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** A string. */
    record Plain(String text) implements Passage {
        @Override
        public int length() {
            return text.length();
        }

        @Override
        public Reader reader() {
            return new StringReader(text);
        }
    }

    /** One after another. */
    record Joined(List<Passage> parts) implements Passage {
        @Override
        public int length() {
            return parts.stream().mapToInt(Passage::length).sum();
        }

        @Override
        public Reader reader() {
            Iterator<Passage> rest = parts.iterator();
            return new Reader() {
                private Reader open = Reader.nullReader();

                @Override
                public int read(char[] buffer, int offset, int length) throws IOException {
                    int read = open.read(buffer, offset, length);
                    while (read < 0 && rest.hasNext()) {
                        open = rest.next().reader();
                        read = open.read(buffer, offset, length);
                    }
                    return read;
                }

                @Override
                public void close() {}
            };
        }
    }
}
