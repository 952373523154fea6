package dev.lizard.text;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Goes through files and reads what will be one document each: records, parts of text files. */
final class PieceReader implements Iterator<Pieces.Piece>, AutoCloseable {
    private final Iterator<Path> files;
    private @Nullable Path file;
    private @Nullable Pieces open;
    private Pieces.@Nullable Piece next;

    PieceReader(Iterator<Path> files) {
        this.files = files;
    }

    @Override
    public boolean hasNext() {
        if (next != null) {
            return true;
        }
        Path current = file;
        Pieces pieces = open;
        if (current == null || pieces == null) {
            if (!files.hasNext()) {
                return false;
            }
            current = files.next();
            pieces = Pieces.of(current);
            file = current;
            open = pieces;
        }
        next = pieces.next();
        if (next == null) {
            close();
            next = new Pieces.End(current);
        }
        return true;
    }

    @Override
    public Pieces.Piece next() {
        Pieces.Piece piece = hasNext() ? next : null;
        next = null;
        if (piece == null) {
            throw new NoSuchElementException();
        }
        return piece;
    }

    @Override
    public void close() {
        Pieces pieces = open;
        open = null;
        file = null;
        if (pieces != null) {
            pieces.close();
        }
    }
}
