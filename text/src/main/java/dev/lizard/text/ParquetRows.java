package dev.lizard.text;

import dev.hardwood.metadata.ColumnChunk;
import dev.hardwood.metadata.ColumnMetaData;
import dev.hardwood.metadata.RepetitionType;
import dev.hardwood.metadata.RowGroup;
import dev.hardwood.reader.ColumnReader;
import dev.hardwood.reader.ColumnReaders;
import dev.hardwood.schema.SchemaNode;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Puts the rows of a Parquet file together from its columns, each a list of the values that are there with two levels:
 * the definition level says how much of the path to a value is there, the repetition level which list goes on with it.
 */
final class ParquetRows {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** The most bytes of a row's texts: the library has several copies of each. */
    private static final int LONGEST = 1 << 23;

    /** What a row of no more may have around it: headers of pages, lengths. */
    private static final int SLACK = 1 << 16;

    /** The most rows that are in memory together. */
    private static final int MOST = 1 << 10;

    /** Characters that JSON takes for a value beside its text: quotes and a comma. */
    private static final int AROUND = 3;

    private final ColumnReaders columns;
    private final Map<Integer, ParquetColumn> leaves = new HashMap<>();
    private String where = "";
    private int left;
    private long bytes;
    private long characters;

    /** @param schema of all columns, also of those that are not read */
    ParquetRows(ColumnReaders columns, List<SchemaNode> schema) {
        this.columns = columns;
        Map<Integer, ColumnReader> readers = new HashMap<>();
        for (int i = 0; i < columns.getColumnCount(); i++) {
            ColumnReader reader = columns.getColumnReader(i);
            readers.put(reader.getColumnSchema().columnIndex(), reader);
        }
        schema.forEach(node -> place(node, 0, readers));
    }

    private void place(SchemaNode node, int item, Map<Integer, ColumnReader> readers) {
        int inner = node.repetitionType() == RepetitionType.REPEATED ? node.maxDefinitionLevel() : item;
        switch (node) {
            case SchemaNode.PrimitiveNode primitive -> {
                ColumnReader reader = readers.get(primitive.columnIndex());
                if (reader != null) {
                    leaves.put(primitive.columnIndex(), new ParquetColumn(reader, inner));
                }
            }
            case SchemaNode.GroupNode group -> group.children().forEach(child -> place(child, inner, readers));
        }
    }

    /**
     * Refuses files whose rows are longer than what is read as a whole, before the library reads any.
     *
     * @param needed names of columns that will be read
     */
    static void check(List<RowGroup> groups, Set<String> needed, Path file) {
        long row = 1;
        for (RowGroup group : groups) {
            long size = size(group, needed);
            if (group.numRows() > 0 && size / group.numRows() > LONGEST + SLACK) {
                throw tooLong(file + " row " + row);
            }
            row += group.numRows();
        }
    }

    private static long size(RowGroup group, Set<String> needed) {
        return group.columns().stream()
                .map(ColumnChunk::metaData)
                .filter(column -> needed.contains(column.pathInSchema().topLevelName()))
                .mapToLong(ColumnMetaData::totalUncompressedSize)
                .sum();
    }

    /** How many rows make about a mebibyte, as far as the file says. */
    static int batch(List<RowGroup> groups, Set<String> needed) {
        long rows = groups.stream().mapToLong(RowGroup::numRows).sum();
        long size = groups.stream().mapToLong(group -> size(group, needed)).sum();
        return Math.clamp((rows << 20) / Math.max(1, size), 1, MOST);
    }

    private static LizardException tooLong(String where) {
        return RecordPieces.tooLong(
                where, "%,d bytes".formatted(LONGEST), "cut the row, or keep the text in a .jsonl or .txt file");
    }

    /** Goes to the next row, which messages call {@code name}; false behind the last. */
    boolean next(String name) {
        if (left == 0) {
            if (!columns.nextBatch()) {
                return false;
            }
            left = columns.getRecordCount();
            leaves.values().forEach(ParquetColumn::begin);
        }
        left--;
        where = name;
        bytes = 0;
        characters = 0;
        return true;
    }

    /** The characters that were read of the row, about as many as it would have in JSON. */
    long characters() {
        return characters;
    }

    /** Reads what the row has in a column, which must be done once for each; null where it has nothing. */
    @Nullable
    JsonNode read(SchemaNode node) {
        return node.repetitionType() == RepetitionType.REPEATED ? list(node, node) : value(node);
    }

    private @Nullable JsonNode value(SchemaNode node) {
        return switch (node) {
            case SchemaNode.PrimitiveNode primitive -> value(leaf(primitive));
            case SchemaNode.GroupNode group -> {
                if (first(group).definition() < group.maxDefinitionLevel()) {
                    skip(group);
                    yield null;
                }
                if (group.isList() && group.getListElement() != null) {
                    yield list(group.children().getFirst(), group.getListElement());
                }
                if (group.isMap() && group.getMapKey() != null) {
                    yield map(group.children().getFirst());
                }
                ObjectNode object = Json.object();
                for (SchemaNode child : group.children()) {
                    characters += child.name().length() + AROUND;
                    object.set(child.name(), orNull(read(child)));
                }
                yield object;
            }
        };
    }

    private @Nullable JsonNode value(ParquetColumn column) {
        JsonNode value = null;
        if (column.present()) {
            bytes += column.bytes();
            if (bytes > LONGEST) {
                throw tooLong(where);
            }
            value = column.value();
            characters += value.isString() ? value.asString().length() : 0;
        }
        characters += AROUND;
        column.skip();
        return value;
    }

    /** @param element of a value of {@code repeated}, which may be the same */
    private ArrayNode list(SchemaNode repeated, SchemaNode element) {
        ArrayNode array = NODES.arrayNode();
        ParquetColumn first = first(repeated);
        if (first.definition() < repeated.maxDefinitionLevel()) {
            skip(repeated);
            return array;
        }
        do {
            characters += AROUND;
            array.add(orNull(element.equals(repeated) ? value(element) : read(element)));
        } while (first.repetition() == repeated.maxRepetitionLevel());
        return array;
    }

    private ObjectNode map(SchemaNode entries) {
        ObjectNode object = Json.object();
        for (JsonNode entry : list(entries, entries)) {
            // Names of the two differ from writer to writer; their order does not.
            JsonNode[] pair = entry.values().toArray(JsonNode[]::new);
            object.set(pair[0].asString(), pair.length > 1 ? pair[1] : NODES.nullNode());
        }
        return object;
    }

    private static JsonNode orNull(@Nullable JsonNode value) {
        return value == null ? NODES.nullNode() : value;
    }

    private void skip(SchemaNode node) {
        switch (node) {
            case SchemaNode.PrimitiveNode primitive -> leaf(primitive).skip();
            case SchemaNode.GroupNode group -> group.children().forEach(this::skip);
        }
    }

    private ParquetColumn first(SchemaNode node) {
        return switch (node) {
            case SchemaNode.PrimitiveNode primitive -> leaf(primitive);
            case SchemaNode.GroupNode group -> first(group.children().getFirst());
        };
    }

    private ParquetColumn leaf(SchemaNode.PrimitiveNode node) {
        ParquetColumn leaf = leaves.get(node.columnIndex());
        if (leaf == null) {
            throw new IllegalStateException("no column '%s'".formatted(node.name()));
        }
        return leaf;
    }
}
