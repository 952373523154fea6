package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hardwood.metadata.LogicalType;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.reader.ColumnReader;
import dev.hardwood.schema.ColumnSchema;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** The values of a Parquet column that are in memory, read one after another. */
final class ParquetColumn {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final ColumnReader reader;
    private final ColumnSchema schema;
    private final int item;
    private int @Nullable [] definitions;
    private int @Nullable [] repetitions;
    private int slot;
    private int place;

    /** @param item the definition level at which the innermost list around the column has an item; 0 without one */
    ParquetColumn(ColumnReader reader, int item) {
        this.reader = reader;
        this.schema = reader.getColumnSchema();
        this.item = item;
    }

    /** Begins with the values that the library has read now. */
    void begin() {
        definitions = reader.getDefinitionLevels();
        repetitions = reader.getRepetitionLevels();
        slot = 0;
        place = 0;
    }

    /** How much of the path to the value is there. Where the library tells no levels, only the value can lack. */
    int definition() {
        int[] levels = definitions;
        int most = schema.maxDefinitionLevel();
        return levels != null ? levels[slot] : reader.getLeafValidity().isNull(slot) ? most - 1 : most;
    }

    /** Which list the value goes on with, 0 for a new row. */
    int repetition() {
        int[] levels = repetitions;
        return levels == null || slot >= levels.length ? 0 : levels[slot];
    }

    /** Goes to the next value. Nulls have a place among the values, but not lists that are null or empty. */
    void skip() {
        place += definition() >= item ? 1 : 0;
        slot++;
    }

    /** Whether the value is there. */
    boolean present() {
        return definition() == schema.maxDefinitionLevel();
    }

    /** Bytes of the value, where it is a text. */
    int bytes() {
        return switch (schema.type()) {
            case BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY, INT96 -> {
                int[] offsets = reader.getBinaryOffsets();
                yield offsets[place + 1] - offsets[place];
            }
            case BOOLEAN, INT32, INT64, FLOAT, DOUBLE -> 0;
        };
    }

    /** The value, which is there. */
    JsonNode value() {
        return switch (schema.type()) {
            case BOOLEAN -> NODES.booleanNode(reader.getBooleans()[place]);
            case FLOAT -> NODES.numberNode(reader.getFloats()[place]);
            case DOUBLE -> NODES.numberNode(reader.getDoubles()[place]);
            case INT32 -> whole(reader.getInts()[place]);
            case INT64 -> whole(reader.getLongs()[place]);
            case BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY, INT96 ->
                NODES.stringNode(
                        new String(reader.getBinaryValues(), reader.getBinaryOffsets()[place], bytes(), UTF_8));
        };
    }

    /** A whole number, or what it stands for. */
    private JsonNode whole(long number) {
        return switch (schema.logicalType()) {
            case LogicalType.DateType ignored ->
                NODES.stringNode(LocalDate.ofEpochDay(number).toString());
            case LogicalType.DecimalType decimal ->
                NODES.stringNode(BigDecimal.valueOf(number, decimal.scale()).toString());
            case LogicalType.TimestampType time -> {
                Instant instant = Instant.EPOCH.plus(
                        number,
                        switch (time.unit()) {
                            case MILLIS -> ChronoUnit.MILLIS;
                            case MICROS -> ChronoUnit.MICROS;
                            case NANOS -> ChronoUnit.NANOS;
                        });
                LocalDateTime local = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
                yield NODES.stringNode(time.isAdjustedToUTC() ? instant.toString() : local.toString());
            }
            case null, default ->
                schema.type() == PhysicalType.INT32 ? NODES.numberNode((int) number) : NODES.numberNode(number);
        };
    }
}
