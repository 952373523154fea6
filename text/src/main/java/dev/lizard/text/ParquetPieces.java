package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.PqStruct;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The rows of a Parquet file, each a record. Only columns that a record may need are read. */
final class ParquetPieces implements Pieces {
    /** The library tells about itself as it begins. */
    private static final Logger LOG = Logger.getLogger("dev.hardwood");

    static {
        LOG.setLevel(Level.OFF);
    }

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Path path;
    private final ParquetFileReader file;
    private final RowReader rows;
    private final List<String> columns;
    private long row;

    ParquetPieces(Path path) {
        this.path = path;
        ParquetFileReader opened = null;
        try {
            opened = ParquetFileReader.open(new ParquetInput(path));
            columns = opened.getFileSchema().getRootNode().children().stream()
                    .map(SchemaNode::name)
                    .toList();
            String[] needed = columns.stream().filter(RecordKind.KEYS::contains).toArray(String[]::new);
            if (needed.length == 0) {
                throw RecordKind.unknown(fields(Json.object()));
            }
            rows = opened.buildRowReader()
                    .projection(ColumnProjection.columns(needed))
                    .build();
            file = opened;
        } catch (IOException | RuntimeException bad) {
            close(opened);
            throw broken(bad);
        }
    }

    @Override
    public @Nullable Piece next() {
        try {
            if (!rows.hasNext()) {
                return null;
            }
            rows.next();
            row++;
            ObjectNode needed = Json.object();
            Size size = new Size();
            for (int i = 0; i < rows.getFieldCount(); i++) {
                if (!rows.isNull(i)) {
                    needed.set(rows.getFieldName(i), node(rows.getValue(i), size));
                }
            }
            return new Row(fields(needed), size.characters);
        } catch (RuntimeException bad) {
            throw broken(bad);
        }
    }

    private RecordFields fields(ObjectNode needed) {
        return new RecordFields(needed, columns, row == 0 ? path.toString() : path + " row " + row, Map.of());
    }

    /** How many characters a row has. */
    private static final class Size {
        private int characters;
    }

    private static JsonNode node(@Nullable Object value, Size size) {
        return switch (value) {
            case null -> NODES.nullNode();
            case String text -> text(text, size);
            case byte[] bytes -> text(new String(bytes, UTF_8), size);
            case PqStruct struct -> {
                ObjectNode object = NODES.objectNode();
                for (int i = 0; i < struct.getFieldCount(); i++) {
                    object.set(struct.getFieldName(i), node(struct.getValue(i), size));
                }
                yield object;
            }
            case PqList list -> {
                ArrayNode array = NODES.arrayNode();
                list.values().forEach(item -> array.add(node(item, size)));
                yield array;
            }
            case PqMap map -> {
                ObjectNode object = NODES.objectNode();
                map.getEntries()
                        .forEach(entry -> object.set(String.valueOf(entry.getKey()), node(entry.getValue(), size)));
                yield object;
            }
            case Boolean truth -> NODES.booleanNode(truth);
            case Integer number -> NODES.numberNode(number);
            case Long number -> NODES.numberNode(number);
            case Float number -> NODES.numberNode(number);
            case Double number -> NODES.numberNode(number);
            default -> text(value.toString(), size);
        };
    }

    private static JsonNode text(String text, Size size) {
        size.characters = (int) Math.min(Integer.MAX_VALUE, size.characters + (long) text.length());
        return NODES.stringNode(text);
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
        rows.close();
        close(file);
    }
}
