package dev.lizard.text;

import dev.hardwood.metadata.RowGroup;
import dev.hardwood.reader.ColumnReaders;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The rows of a Parquet file, each a record. Only columns that a record may need are read. */
final class ParquetPieces implements Pieces {
    /** The library tells about itself as it begins. */
    private static final Logger LOG = Logger.getLogger("dev.hardwood");

    static {
        LOG.setLevel(Level.OFF);
    }

    private final Path path;
    private final ParquetFileReader file;
    private final ColumnReaders readers;
    private final ParquetRows rows;
    private final List<SchemaNode> needed;
    private final List<String> names;
    private long row;

    ParquetPieces(Path path) {
        this.path = path;
        ParquetFileReader opened = null;
        try {
            opened = ParquetFileReader.open(new ParquetInput(path));
            List<SchemaNode> columns = opened.getFileSchema().getRootNode().children();
            names = columns.stream().map(SchemaNode::name).toList();
            needed = columns.stream()
                    .filter(column -> RecordKind.KEYS.contains(column.name()))
                    .toList();
            if (needed.isEmpty()) {
                throw RecordKind.unknown(fields(Json.object()));
            }
            Set<String> read = needed.stream().map(SchemaNode::name).collect(Collectors.toSet());
            List<RowGroup> groups = opened.getFileMetaData().rowGroups();
            ParquetRows.check(groups, read, path);
            readers = opened.buildColumnReaders(ColumnProjection.columns(read.toArray(String[]::new)))
                    .batchSize(ParquetRows.batch(groups, read))
                    .build();
            rows = new ParquetRows(readers, columns);
            file = opened;
        } catch (IOException | RuntimeException bad) {
            close(opened);
            throw broken(bad);
        }
    }

    @Override
    public @Nullable Piece next() {
        try {
            if (!rows.next(path + " row " + (row + 1))) {
                return null;
            }
            row++;
            RecordFields fields = fields(Json.object());
            for (SchemaNode column : needed) {
                long before = rows.characters();
                JsonNode value = rows.read(column);
                if (value != null) {
                    fields.needed().set(column.name(), value);
                }
                if (value != null && !value.isString() && rows.characters() - before > RecordPieces.LONGEST_LIST) {
                    throw RecordPieces.listTooLong(fields.at(column.name()));
                }
            }
            return new Row(fields, Math.toIntExact(rows.characters()));
        } catch (RuntimeException bad) {
            throw broken(bad);
        }
    }

    private RecordFields fields(ObjectNode values) {
        return new RecordFields(values, names, row == 0 ? path.toString() : path + " row " + row, Map.of());
    }

    private LizardException broken(Throwable failure) {
        if (failure instanceof LizardException told) {
            return told;
        }
        String found = "something unreadable";
        boolean codec = false;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            codec |= cause instanceof UnsupportedOperationException;
            boolean told = cause.getMessage() != null && !(cause instanceof NullPointerException);
            found = told ? "'" + cause.getMessage() + "'" : found; // a null's message names classes of the library
        }
        return LizardException.at(
                LizardException.Kind.INPUT,
                codec ? "unsupported Parquet file" : "broken Parquet file",
                row == 0 ? path : path + " after row " + row,
                codec ? "columns plain or packed with snappy, zstd or gzip" : "a whole Parquet file",
                found,
                codec ? "write it so, or convert it to .jsonl" : "download or write it again",
                failure);
    }

    private static void close(@Nullable ParquetFileReader opened) {
        if (opened != null) {
            try {
                opened.close();
            } catch (IOException ignored) {
                // What could not be read is being told.
            }
        }
    }

    @Override
    public void close() {
        readers.close();
        close(file);
    }
}
