package dev.lizard.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Walks over the header of a GGUF file; each read is checked against the end and an error names the entry it is in. */
final class GgufCursor {
    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Longer texts are a broken length: the longest in use are chat templates of some kilobytes. */
    private static final long LONGEST_TEXT = 16L << 20;

    private final Path file;
    private final MemorySegment bytes;
    private long position;
    private long items;
    private String where = "header";

    GgufCursor(Path file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /** Names the entry that the next reads belong to. */
    void enter(String entry) {
        where = entry;
    }

    long position() {
        return position;
    }

    long remaining() {
        return bytes.byteSize() - position;
    }

    byte readByte() {
        return bytes.get(JAVA_BYTE, advance(1));
    }

    short readShort() {
        return bytes.get(SHORT, advance(2));
    }

    int readInt() {
        return bytes.get(INT, advance(4));
    }

    long readLong() {
        return bytes.get(LONG, advance(8));
    }

    float readFloat() {
        return bytes.get(FLOAT, advance(4));
    }

    double readDouble() {
        return bytes.get(DOUBLE, advance(8));
    }

    String readText() {
        long length = readLong();
        if (length < 0 || length > Math.min(remaining(), LONGEST_TEXT)) {
            throw bad(
                    "bad text length", "at most " + Math.min(remaining(), LONGEST_TEXT), Long.toUnsignedString(length));
        }
        byte[] text = bytes.asSlice(advance(length), length).toArray(JAVA_BYTE);
        return new String(text, StandardCharsets.UTF_8);
    }

    /** A count of entries that take {@code smallest} bytes or more each, so that no broken count asks for memory. */
    int readCount(String what, int smallest, int most) {
        long count = readLong();
        long possible = Math.min(most, remaining() / smallest);
        if (count < 0 || count > possible) {
            throw bad("bad " + what, "at most " + possible, Long.toUnsignedString(count));
        }
        return (int) count;
    }

    /** Counts the items of all arrays: each becomes an object, far larger than what it takes in the file. */
    void spend(int count, int most) {
        items += count;
        if (items > most) {
            throw bad("too many array items", "at most " + most + " in all", items);
        }
    }

    LizardException bad(String what, String expected, Object found) {
        return BadFile.in(file, where, what + " at byte " + position, expected, found, BadFile.AGAIN);
    }

    private long advance(long count) {
        if (count > remaining()) {
            throw BadFile.in(
                    file,
                    where,
                    "truncated GGUF file",
                    "%d more bytes at byte %d".formatted(count, position),
                    remaining(),
                    "download the file again");
        }
        long at = position;
        position += count;
        return at;
    }
}
