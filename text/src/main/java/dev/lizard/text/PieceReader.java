package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Goes through files and reads what will be one document each: records of JSON lines, parts of text files. */
final class PieceReader implements Iterator<PieceReader.Piece>, AutoCloseable {
    /** A text file is cut at the first blank line after this many characters, or at any after twice as many. */
    static final int PART = 1 << 16;

    private static final int LONGEST_RECORD = 1 << 28;

    /** What was read. */
    sealed interface Piece {
        /** How many it has, in UTF-16. */
        default int characters() {
            return switch (this) {
                case Line line -> line.json.length();
                case Part part -> part.text.length();
                case End end -> 0;
            };
        }
    }

    /** A line of JSON, and the place to name in messages. */
    record Line(String json, String where) implements Piece {}

    /** Some of a text file, perhaps its last. */
    record Part(String text, boolean last) implements Piece {}

    /** Comes after all others of a file. */
    record End(Path file) implements Piece {}

    private final Iterator<Path> files;
    private @Nullable Path file;
    private @Nullable DataReader reader;
    private @Nullable String pendingLine;
    private @Nullable Piece next;

    PieceReader(Iterator<Path> files) {
        this.files = files;
    }

    @Override
    public boolean hasNext() {
        if (next != null) {
            return true;
        }
        Path current = file;
        DataReader open = reader;
        if (current == null || open == null) {
            if (!files.hasNext()) {
                return false;
            }
            current = files.next();
            open = new DataReader(current);
            file = current;
            reader = open;
        }
        next = DataFiles.isJsonLines(current) ? nextRecord(open) : nextPart(open);
        if (next == null) {
            close();
            next = new End(current);
        }
        return true;
    }

    @Override
    public Piece next() {
        Piece piece = hasNext() ? next : null;
        next = null;
        if (piece == null) {
            throw new NoSuchElementException();
        }
        return piece;
    }

    private static @Nullable Piece nextRecord(DataReader open) {
        String line = open.nextLine(LONGEST_RECORD);
        while (line != null && line.isBlank()) {
            line = open.nextLine(LONGEST_RECORD);
        }
        if (line == null) {
            return null;
        }
        if (line.length() >= LONGEST_RECORD) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "record too long",
                    open.where(),
                    "fewer than " + LONGEST_RECORD + " characters a line",
                    "more",
                    "cut the record or use .txt");
        }
        return new Line(line, open.where());
    }

    /** The next part of a text file; EOS follows the last. */
    private @Nullable Piece nextPart(DataReader open) {
        StringBuilder text = new StringBuilder();
        String line = pendingLine == null ? open.nextLine(PART) : pendingLine;
        while (line != null) {
            text.append(line);
            boolean blank = line.isBlank();
            line = open.nextLine(PART);
            if (text.length() >= 2 * PART || (blank && text.length() >= PART)) {
                break;
            }
        }
        pendingLine = line;
        return text.isEmpty() ? null : new Part(text.toString(), line == null);
    }

    @Override
    public void close() {
        DataReader open = reader;
        reader = null;
        file = null;
        pendingLine = null;
        if (open != null) {
            open.close();
        }
    }
}
