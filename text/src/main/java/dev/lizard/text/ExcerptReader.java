package dev.lizard.text;

import java.io.Reader;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of a long record for a parser, which would hold several copies of each string. Long strings are kept aside
 * ({@link StoredText}); the parser sees names in their place.
 */
final class ExcerptReader extends Reader {
    /** Longer strings are kept aside. */
    static final int LONG = 1 << 13;

    /** No text can spell it but by a guess of 122 bits. */
    private static final String NAME = "\uFFFF" + UUID.randomUUID();

    /** A parser's buffer may be as large as what it read before; what is in it when a bound is set is not counted. */
    private static final int AHEAD = 1 << 12;

    private static final int NONE = -2;

    private final String beginning;
    private final IntSupplier rest;
    private int begun;
    private final Map<String, StoredText> excerpts = new HashMap<>();
    private final StringBuilder ready = new StringBuilder();
    private int given;
    private @Nullable String bounded;
    private long structure;

    /**
     * @param beginning first characters of a record
     * @param rest the others, then -1
     */
    ExcerptReader(String beginning, IntSupplier rest) {
        this.beginning = beginning;
        this.rest = rest;
    }

    private int character() {
        return begun < beginning.length() ? beginning.charAt(begun++) : rest.getAsInt();
    }

    /** The strings kept aside so far, by the names that stand for them. */
    Map<String, StoredText> excerpts() {
        return excerpts;
    }

    /** Until {@link #free}, what is read becomes objects many times its size, so there must not be much of it. */
    void bound(String where) {
        bounded = where;
    }

    void free() {
        bounded = null;
    }

    @Override
    public int read(char[] buffer, int offset, int length) {
        if (given == ready.length() && !fill(Math.min(length, AHEAD))) {
            return -1;
        }
        int n = Math.min(length, ready.length() - given);
        ready.getChars(given, given + n, buffer, offset);
        given += n;
        return n;
    }

    /** Makes about {@code wanted} characters ready; false at the end. */
    private boolean fill(int wanted) {
        ready.setLength(0);
        given = 0;
        while (ready.length() < wanted) {
            int c = character();
            if (c < 0) {
                break;
            }
            count();
            ready.append((char) c);
            if (c == '"') {
                string();
            }
        }
        return !ready.isEmpty();
    }

    /** Reads on to the quote that ends a string. */
    private void string() {
        int begin = ready.length();
        for (int c = character(); c >= 0; c = character()) {
            count();
            ready.append((char) c);
            if (c == '\\') {
                int escaped = character();
                if (escaped < 0) {
                    return;
                }
                ready.append((char) escaped);
            } else if (c == '"') {
                return;
            } else if (ready.length() - begin > LONG) {
                keep(begin);
                return;
            }
        }
    }

    /** Keeps aside the string of which {@code ready} has the beginning. */
    private void keep(int begin) {
        StoredText text = new StoredText();
        Escapes escapes = new Escapes(ready.substring(begin));
        ready.setLength(begin);
        for (int c = escapes.next(); c != NONE; c = escapes.next()) {
            text.append((char) c);
        }
        text.end();
        if (escapes.whole) {
            String name = NAME + excerpts.size();
            excerpts.put(name, text);
            ready.append(name).append('"');
        } else {
            ready.append(escapes.wrong); // the parser says what is wrong with it
        }
    }

    private void count() {
        if (bounded != null && ++structure > RecordPieces.LONGEST_LIST) {
            throw RecordPieces.listTooLong(bounded);
        }
    }

    /** A string of JSON as the characters it means. */
    private final class Escapes {
        private final String beginning;
        private int at;
        private boolean whole;
        private String wrong = "";

        Escapes(String beginning) {
            this.beginning = beginning;
        }

        private int raw() {
            if (at < beginning.length()) {
                return beginning.charAt(at++);
            }
            return character();
        }

        /** The next character, {@link #NONE} behind the last. */
        int next() {
            int c = raw();
            if (c == '"') {
                whole = true;
                return NONE;
            }
            if (c < ' ') {
                return fault(c);
            }
            if (c != '\\') {
                return c;
            }
            int kind = raw();
            return switch (kind) {
                case '"', '\\', '/' -> kind;
                case 'b' -> '\b';
                case 'f' -> '\f';
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                case 'u' -> hexadecimal();
                default -> {
                    wrong = "\\";
                    yield fault(kind);
                }
            };
        }

        private int hexadecimal() {
            int code = 0;
            wrong = "\\u";
            for (int i = 0; i < 4; i++) {
                int c = raw();
                int digit = c < 128 ? Character.digit(c, 16) : -1;
                if (digit < 0) {
                    return fault(c);
                }
                wrong += (char) c;
                code = code << 4 | digit;
            }
            wrong = "";
            return code;
        }

        private int fault(int c) {
            wrong += c < 0 ? "" : Character.toString(c);
            return NONE;
        }
    }

    @Override
    public void close() {}
}
