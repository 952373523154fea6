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

    /** The most characters of lists and objects in it, a conversation for instance: templates need them whole. */
    static final int LONGEST_LIST = 1 << 22;

    /** Longer records are read part by part. */
    private static final int SHORT = 1 << 17;

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
                yield c < 0 ? null : piece(new Characters(c, false));
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
        int c = skipBlanks();
        return c < 0 ? null : piece(new Characters(c, true));
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
        return piece(new Characters(c, false));
    }

    private static Piece piece(Characters characters) {
        StringBuilder text = new StringBuilder();
        int c = characters.next();
        for (; c >= 0 && text.length() < SHORT; c = characters.next()) {
            text.append((char) c);
        }
        if (c < 0) {
            return new Line(text.toString(), characters.where);
        }
        String beginning = text.append((char) c).toString();
        RecordFields fields = RecordFields.parse(new ExcerptReader(beginning, characters::next), characters.where);
        return new Row(fields, characters.count);
    }

    /** The characters of one record. */
    private final class Characters {
        private final String where = reader.where();
        private final int first;
        private final boolean line;
        private int count;
        private int depth;
        private boolean quoted;
        private boolean escaped;
        private boolean closed;

        /** @param line whether it ends with its line; else with the bracket that closes it, or the end of a word */
        Characters(int first, boolean line) {
            this.first = first;
            this.line = line;
        }

        /** The next one, -1 behind the last. */
        int next() {
            if (closed) {
                return -1;
            }
            int c = count == 0 ? first : reader.next();
            if (line ? c < 0 || c == '\n' : endsBefore(c)) {
                closed = true;
                return -1;
            }
            if (c < 0) {
                throw bad(where, "a whole record", "an early end");
            }
            if (count++ == LONGEST) {
                throw tooLong(
                        where, "%,d characters".formatted(LONGEST), "cut the record, or keep the text in a .txt file");
            }
            if (!line) {
                closed = closes(c);
            }
            return c;
        }

        private boolean endsBefore(int c) {
            if (quoted && !escaped && c == '\n') {
                throw bad(where, "a whole record", "a string over two lines");
            }
            boolean ends = depth == 0 && !quoted && count > 0 && (c < 0 || isBlank(c) || c == ',' || c == ']');
            pending = ends ? c : pending;
            return ends;
        }

        private boolean closes(int c) {
            if (escaped) {
                escaped = false;
                return false;
            }
            if (c == '"') {
                quoted = !quoted;
            } else if (quoted) {
                escaped = c == '\\';
            } else if (c == '{' || c == '[') {
                depth++;
            } else if (c == '}' || c == ']') {
                depth--;
            }
            return depth <= 0 && !quoted && (c == '}' || c == ']' || c == '"');
        }
    }

    static LizardException listTooLong(String where) {
        return tooLong(where, "%,d characters".formatted(LONGEST_LIST), "cut the conversation into several");
    }

    static LizardException tooLong(String where, String most, String advice) {
        return LizardException.at(
                LizardException.Kind.INPUT, "record too long", where, "at most " + most, "more", advice);
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
