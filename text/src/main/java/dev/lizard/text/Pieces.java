package dev.lizard.text;

import java.io.Closeable;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** One data file, read piece by piece. */
interface Pieces extends Closeable {
    /** What was read. */
    sealed interface Piece {
        /** How many it has, in UTF-16. */
        default int characters() {
            return switch (this) {
                case Line line -> line.json.length();
                case Part part -> part.text.length();
                case Row row -> row.size;
                case End end -> 0;
            };
        }
    }

    /** A record of JSON, and the place to name in messages. */
    record Line(String json, String where) implements Piece {}

    /** A record of a table. */
    record Row(RecordFields fields, int size) implements Piece {}

    /** Some of a text: its first part, its last, both or neither. */
    record Part(String text, boolean first, boolean last) implements Piece {}

    /** Comes after all others of a file. */
    record End(Path file) implements Piece {}

    /** The next piece, or null after the last. */
    @Nullable
    Piece next();

    @Override
    void close();

    static Pieces of(Path file) {
        DataFormat format = DataFormat.of(file).orElseThrow();
        if (format.content() == DataFormat.Content.PARQUET) {
            return new ParquetPieces(file);
        }
        DataReader reader = new DataReader(file, format.packing());
        return format.content() == DataFormat.Content.TEXT
                ? new TextPieces(reader)
                : new RecordPieces(reader, format.content() == DataFormat.Content.JSON_LINES);
    }
}
