package dev.lizard.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and checks what stands before the numbers of a GGUF file, versions 2 and 3: magic, counts, metadata, the table
 * of tensors.
 *
 * @param metadata values as Long, Double, Boolean, String or a List of these; unsigned 64-bit numbers keep their bits
 * @param tensors by key, in the order of the file
 */
record GgufHeader(Map<String, Object> metadata, Map<String, TensorTable.Entry> tensors) {
    private static final int MAGIC = 'G' | ('G' << 8) | ('U' << 16) | ('F' << 24);
    private static final int MOST_ENTRIES = 1 << 20;
    private static final int MOST_ITEMS = 1 << 22; // of all arrays; a vocabulary of 256K tokens takes 1.3M
    private static final int MOST_AXES = 4;
    private static final int DEEPEST_ARRAY = 3;
    private static final String ALIGNMENT = "general.alignment";
    private static final long DEFAULT_ALIGNMENT = 32;

    static GgufHeader read(Path file, MemorySegment bytes) {
        GgufCursor cursor = new GgufCursor(file, bytes);
        checkMagic(cursor);
        int tensorCount = cursor.readCount("count of tensors", 8 + 4 + 4 + 8, MOST_ENTRIES);
        int entryCount = cursor.readCount("count of metadata entries", 8 + 4 + 1, MOST_ENTRIES);
        Map<String, Object> metadata = readMetadata(cursor, entryCount);
        List<Placed> placed = readTable(cursor, tensorCount);
        long alignment = alignment(cursor, metadata);
        long data = Math.ceilDiv(cursor.position(), alignment) * alignment;
        Map<String, TensorTable.Entry> tensors = new LinkedHashMap<>();
        for (Placed tensor : placed) {
            tensors.put(tensor.info().name(), entry(file, bytes, tensor, data, alignment));
        }
        checkOverlap(file, placed);
        return new GgufHeader(Collections.unmodifiableMap(metadata), tensors);
    }

    private static void checkMagic(GgufCursor cursor) {
        int magic = cursor.readInt();
        if (magic != MAGIC) {
            throw cursor.bad("bad magic", "GGUF", "0x%08x".formatted(Integer.reverseBytes(magic)));
        }
        int version = cursor.readInt();
        if (version != 2 && version != 3) {
            boolean bigEndian = Integer.reverseBytes(version) == 3;
            throw cursor.bad("unsupported GGUF version", "2 or 3", bigEndian ? "a big-endian file" : (Object) version);
        }
    }

    private static Map<String, Object> readMetadata(GgufCursor cursor, int count) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            cursor.enter("metadata entry " + i);
            String key = cursor.readText();
            cursor.enter(key);
            Object value = readValue(cursor, cursor.readInt(), 0);
            if (metadata.put(key, value) != null) {
                throw cursor.bad("duplicate metadata key", "each key once", "it twice");
            }
        }
        return metadata;
    }

    private static Object readValue(GgufCursor cursor, int type, int depth) {
        return switch (type) {
            case 0 -> (long) (cursor.readByte() & 0xFF);
            case 1 -> (long) cursor.readByte();
            case 2 -> (long) (cursor.readShort() & 0xFFFF);
            case 3 -> (long) cursor.readShort();
            case 4 -> cursor.readInt() & 0xFFFF_FFFFL;
            case 5 -> (long) cursor.readInt();
            case 6 -> (double) cursor.readFloat();
            case 7 -> cursor.readByte() != 0;
            case 8 -> cursor.readText();
            case 9 -> readArray(cursor, depth);
            case 10, 11 -> cursor.readLong();
            case 12 -> cursor.readDouble();
            default -> throw cursor.bad("unknown metadata type", "0 to 12", Integer.toUnsignedString(type));
        };
    }

    private static List<Object> readArray(GgufCursor cursor, int depth) {
        int type = cursor.readInt();
        if (depth == DEEPEST_ARRAY) {
            throw cursor.bad("array nested too deep", "at most " + DEEPEST_ARRAY + " levels", "more");
        }
        int smallest = switch (type) {
            case 8 -> 8;
            case 9 -> 12;
            default -> 1;
        };
        int count = cursor.readCount("array length", smallest, MOST_ITEMS);
        cursor.spend(count, MOST_ITEMS);
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(readValue(cursor, type, depth + 1));
        }
        return Collections.unmodifiableList(items);
    }

    private static List<Placed> readTable(GgufCursor cursor, int count) {
        Map<String, Placed> placed = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            cursor.enter("tensor " + i);
            String name = cursor.readText();
            cursor.enter(name);
            List<Long> shape = readShape(cursor);
            int id = cursor.readInt();
            StoredType type = StoredType.ofGguf(id)
                    .orElseThrow(() -> cursor.bad(
                            "unsupported tensor type", "one of " + StoredType.ggufNames(), GgufTypes.nameOf(id)));
            if (type.isBlocked() && (shape.isEmpty() || shape.getLast() % type.blockSize() != 0)) {
                throw cursor.bad("bad shape", "rows of whole blocks of " + type.blockSize() + " for " + type, shape);
            }
            long offset = cursor.readLong();
            TensorInfo info;
            try {
                info = new TensorInfo(name, type, shape);
            } catch (ArithmeticException e) {
                throw cursor.bad("bad shape", "axes of a possible size", shape);
            }
            if (placed.put(name, new Placed(info, offset)) != null) {
                throw cursor.bad("duplicate tensor", "each name once", "it twice");
            }
        }
        return List.copyOf(placed.values());
    }

    /** GGUF writes the innermost axis first; ours is row-major. */
    private static List<Long> readShape(GgufCursor cursor) {
        int axes = cursor.readInt();
        if (axes < 0 || axes > MOST_AXES) {
            throw cursor.bad("bad number of axes", "at most " + MOST_AXES, Integer.toUnsignedString(axes));
        }
        List<Long> shape = new ArrayList<>();
        for (int i = 0; i < axes; i++) {
            shape.add(cursor.readLong());
        }
        return shape.reversed();
    }

    private static long alignment(GgufCursor cursor, Map<String, Object> metadata) {
        Object value = metadata.getOrDefault(ALIGNMENT, DEFAULT_ALIGNMENT);
        if (!(value instanceof Long alignment) || alignment < 1 || alignment > (1 << 20) || alignment % 8 != 0) {
            cursor.enter(ALIGNMENT);
            throw cursor.bad("bad alignment", "a multiple of 8 up to 2^20", value);
        }
        return alignment;
    }

    private static TensorTable.Entry entry(Path file, MemorySegment bytes, Placed tensor, long data, long alignment) {
        TensorInfo info = tensor.info();
        if (tensor.offset() < 0 || tensor.offset() % alignment != 0) {
            throw BadFile.in(
                    file,
                    info.name(),
                    "bad tensor offset",
                    "a multiple of " + alignment,
                    Long.toUnsignedString(tensor.offset()),
                    BadFile.AGAIN);
        }
        long available = bytes.byteSize() - data;
        if (tensor.offset() > available || info.byteSize() > available - tensor.offset()) {
            throw BadFile.in(
                    file,
                    info.name(),
                    "tensor out of the file",
                    "%d bytes at data offset %d".formatted(info.byteSize(), tensor.offset()),
                    Math.max(available, 0) + " bytes of data",
                    "the file is truncated: download it again");
        }
        return new TensorTable.Entry(info, file, bytes.asSlice(data + tensor.offset(), info.byteSize()));
    }

    private static void checkOverlap(Path file, List<Placed> placed) {
        List<Placed> ordered = new ArrayList<>(placed);
        ordered.sort(Comparator.comparingLong(Placed::offset)
                .thenComparingLong(p -> p.info().byteSize()));
        long end = 0;
        for (Placed tensor : ordered) {
            if (tensor.offset() < end) {
                throw BadFile.in(
                        file,
                        tensor.info().name(),
                        "overlapping tensor",
                        "an offset from " + end + " on",
                        tensor.offset(),
                        BadFile.AGAIN);
            }
            end = tensor.offset() + tensor.info().byteSize();
        }
    }

    /** A row of the tensor table; the offset counts from the start of the data. */
    private record Placed(TensorInfo info, long offset) {}
}
