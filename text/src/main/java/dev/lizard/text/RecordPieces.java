package dev.lizard.text;

import dev.lizard.base.LizardException;
import org.jspecify.annotations.Nullable;

/**
 * The records of a JSON file, one at a time: a record a line, or a list of records, or records one after another over
 * any number of lines. Only where each begins and ends is looked at; whoever takes one reads it.
 */
final class RecordPieces implements Pieces {
    /** The most characters of a record: what is longer is no record but a text that wants a file of its own. */
    static final int LONGEST = 1 << 25;

    private final DataReader reader;
    private final boolean lines;
    private @Nullable Framing framing;
    private boolean atFirst = true;
    private int pending = -1;

    /** How records follow each other. */
    private enum Framing {
        LINES,
        STREAM,
        LIST,
        DONE
    }

    /** @param lines whether a record ends with its line, unless the file turns out to be a list */
    RecordPieces(DataReader reader, boolean lines) {
        this.reader = reader;
        this.lines = lines;
    }

    @Override
    public @Nullable Piece next() {
        Framing now = framing == null ? begin() : framing;
        framing = now;
        return switch (now) {
            case LINES -> line();
            case STREAM -> {
                int c = skipBlanks();
                yield c < 0 ? null : record(c);
            }
            case LIST -> item();
            case DONE -> null;
        };
    }

    private Framing begin() {
        int c = skipBlanks();
        if (c == '[') {
            return Framing.LIST;
        }
        pending = c;
        return c < 0 ? Framing.DONE : lines ? Framing.LINES : Framing.STREAM;
    }

    private @Nullable Piece line() {
        StringBuilder text = new StringBuilder();
        int c = skipBlanks();
        if (c < 0) {
            return null;
        }
        String where = reader.where();
        for (; c >= 0 && c != '\n'; c = reader.next()) {
            append(text, c, where);
        }
        return new Line(text.toString(), where);
    }

    /** The next record of a list, or what comes after the last. */
    private @Nullable Piece item() {
        int c = skipBlanks();
        if (c == ']') {
            framing = Framing.DONE;
            int more = skipBlanks();
            if (more >= 0) {
                throw bad(reader.where(), "nothing after the list", shown(more));
            }
            return null;
        }
        if (!atFirst) {
            if (c != ',') {
                throw bad(reader.where(), "',' or ']' after a record", shown(c));
            }
            c = skipBlanks();
        }
        atFirst = false;
        if (c == ',' || c == ']' || c < 0) {
            throw bad(reader.where(), "a record", shown(c));
        }
        return record(c);
    }

    /** A record that begins with {@code first}: up to the bracket that closes it, or the end of a word. */
    private Piece record(int first) {
        String where = reader.where();
        StringBuilder text = new StringBuilder();
        int depth = 0;
        boolean quoted = false;
        for (int c = first; ; c = reader.next()) {
            if (depth == 0 && !quoted && !text.isEmpty() && (c < 0 || isBlank(c) || c == ',' || c == ']')) {
                pending = c;
                return new Line(text.toString(), where);
            }
            if (quoted && c == '\n') {
                throw bad(where, "a whole record", "a string over two lines");
            }
            append(text, c, where);
            if (quoted && c == '\\') {
                append(text, reader.next(), where);
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == '{' || c == '[')) {
                depth++;
            } else if (!quoted && (c == '}' || c == ']')) {
                depth--;
            }
            if (depth <= 0 && !quoted && (c == '}' || c == ']' || c == '"')) {
                return new Line(text.toString(), where);
            }
        }
    }

    private static void append(StringBuilder text, int c, String where) {
        if (c < 0) {
            throw bad(where, "a whole record", "an early end");
        }
        if (text.length() == LONGEST) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "record too long",
                    where,
                    "at most %,d characters".formatted(LONGEST),
                    "more",
                    "cut the record, or keep the text in a .txt file");
        }
        text.append((char) c);
    }

    /** The next character that is not white space, or -1 at the end. */
    private int skipBlanks() {
        int c = pending >= 0 ? pending : reader.next();
        pending = -1;
        while (isBlank(c)) {
            c = reader.next();
        }
        return c;
    }

    /** White space of JSON, and a byte order mark: files are put together from others. */
    private static boolean isBlank(int c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\uFEFF';
    }

    private static String shown(int c) {
        return c < 0 ? "an early end" : "'%c'".formatted(c);
    }

    private static LizardException bad(String where, String expected, String found) {
        return LizardException.at(
                LizardException.Kind.INPUT, "bad JSON", where, expected, found, "mend or remove the record");
    }

    @Override
    public void close() {
        reader.close();
    }
}
