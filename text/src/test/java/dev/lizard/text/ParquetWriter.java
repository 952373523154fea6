package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the smallest Parquet files there are: optional columns of texts, one group of rows, one page a column. */
final class ParquetWriter {
    static final int PLAIN = 0;
    static final int SNAPPY = 1;
    static final int LZ4_RAW = 7;
    static final int ZSTD = 6;

    private static final int I32 = 5;
    private static final int I64 = 6;
    private static final int BINARY = 8;
    private static final int LIST = 9;
    private static final int STRUCT = 12;
    private static final int BYTE_ARRAY = 6;
    private static final int RLE = 3;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int lastField;

    /** A file of these columns, all of one length; null is no value. */
    static byte[] write(int codec, Map<String, ? extends List<? extends @Nullable String>> columns) throws IOException {
        ParquetWriter file = new ParquetWriter();
        file.out.writeBytes("PAR1".getBytes(UTF_8));
        Map<String, long[]> places = new LinkedHashMap<>(); // name -> offset, plain bytes, packed bytes
        for (var column : columns.entrySet()) {
            byte[] values = values(column.getValue());
            byte[] packed = switch (codec) {
                case SNAPPY -> literals(values);
                case ZSTD -> Zstd.compress(values);
                default -> values;
            };
            long at = file.out.size();
            file.pageHeader(values.length, packed.length, column.getValue().size());
            long header = file.out.size() - at;
            file.out.writeBytes(packed);
            places.put(column.getKey(), new long[] {at, header + values.length, header + packed.length});
        }
        int start = file.out.size();
        file.footer(codec, places, columns.values().iterator().next().size());
        int length = file.out.size() - start;
        for (int i = 0; i < 4; i++) {
            file.out.write(length >> (8 * i));
        }
        file.out.writeBytes("PAR1".getBytes(UTF_8));
        return file.out.toByteArray();
    }

    /** As Snappy has bytes that it finds nothing in: literals of at most 60. */
    private static byte[] literals(byte[] bytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        int left = bytes.length;
        for (; left >= 0x80; left >>>= 7) {
            packed.write((left & 0x7F) | 0x80);
        }
        packed.write(left);
        for (int from = 0; from < bytes.length; from += 60) {
            int length = Math.min(60, bytes.length - from);
            packed.write((length - 1) << 2);
            packed.write(bytes, from, length);
        }
        return packed.toByteArray();
    }

    private static byte[] values(List<? extends @Nullable String> column) {
        ByteArrayOutputStream levels = new ByteArrayOutputStream();
        int groups = (column.size() + 7) / 8;
        levels.write(groups << 1 | 1); // one bit-packed run, fewer than 64 groups
        for (int group = 0; group < groups; group++) {
            int bits = 0;
            for (int i = 0; i < 8 && 8 * group + i < column.size(); i++) {
                bits |= column.get(8 * group + i) == null ? 0 : 1 << i;
            }
            levels.write(bits);
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        little(all, levels.size());
        all.writeBytes(levels.toByteArray());
        for (String value : column) {
            if (value != null) {
                byte[] bytes = value.getBytes(UTF_8);
                little(all, bytes.length);
                all.writeBytes(bytes);
            }
        }
        return all.toByteArray();
    }

    private static void little(ByteArrayOutputStream to, int value) {
        for (int i = 0; i < 4; i++) {
            to.write(value >> (8 * i));
        }
    }

    private void pageHeader(int plain, int packed, int rows) {
        lastField = 0;
        number(1, I32, 0);
        number(2, I32, plain);
        number(3, I32, packed);
        field(5, STRUCT);
        lastField = 0;
        number(1, I32, rows);
        number(2, I32, PLAIN);
        number(3, I32, RLE);
        number(4, I32, RLE);
        end();
        end();
    }

    private void footer(int codec, Map<String, long[]> columns, int rows) {
        lastField = 0;
        number(1, I32, 1);
        list(2, STRUCT, columns.size() + 1);
        text(4, "schema");
        number(5, I32, columns.size());
        end();
        for (String name : columns.keySet()) {
            number(1, I32, BYTE_ARRAY);
            number(3, I32, 1); // optional
            text(4, name);
            number(6, I32, 0); // UTF-8
            end();
        }
        lastField = 2;
        number(3, I64, rows);
        list(4, STRUCT, 1);
        list(1, STRUCT, columns.size());
        long total = 0;
        for (var column : columns.entrySet()) {
            long[] place = column.getValue();
            total += place[1];
            number(2, I64, place[0]);
            field(3, STRUCT);
            lastField = 0;
            number(1, I32, BYTE_ARRAY);
            list(2, I32, 2);
            varint(PLAIN << 1);
            varint(RLE << 1);
            lastField = 2;
            list(3, BINARY, 1);
            bytes(column.getKey());
            lastField = 3;
            number(4, I32, codec);
            number(5, I64, rows);
            number(6, I64, place[1]);
            number(7, I64, place[2]);
            number(9, I64, place[0]);
            end();
            end();
        }
        lastField = 1;
        number(2, I64, total);
        number(3, I64, rows);
        end();
        end();
    }

    /** Thrift's compact protocol. */
    private void field(int id, int type) {
        out.write((id - lastField) << 4 | type);
        lastField = id;
    }

    private void number(int id, int type, long value) {
        field(id, type);
        varint(value << 1);
    }

    private void text(int id, String value) {
        field(id, BINARY);
        bytes(value);
    }

    private void bytes(String value) {
        varint(value.length());
        out.writeBytes(value.getBytes(UTF_8));
    }

    private void list(int id, int type, int size) {
        field(id, LIST);
        out.write(size << 4 | type); // fewer than 15
        lastField = 0;
    }

    private void end() {
        out.write(0);
        lastField = 0;
    }

    private void varint(long value) {
        while (value > 0x7F) {
            out.write((int) (value & 0x7F | 0x80));
            value >>>= 7;
        }
        out.write((int) value);
    }
}
