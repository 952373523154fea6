package dev.lizard.base.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Changes that know nothing of the format. */
record ByteMutations(SplittableRandom random) {
    private static final List<Long> NUMBERS = List.of(
            0L,
            1L,
            -1L,
            2L,
            127L,
            128L,
            255L,
            256L,
            0x7fffL,
            0xffffL,
            0x7fff_ffffL,
            0x8000_0000L,
            0xffff_ffffL,
            1L << 32,
            1L << 40,
            1L << 60,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            Long.MAX_VALUE - 7);

    private static final List<String> MAGIC = List.of(
            "GGUF",
            "PK\u0003\u0004",
            "\u001f\u008b\b",
            "(\u00b5/\u00fd",
            "PAR1",
            "\u00ff\u00fe",
            "\u00fe\u00ff",
            "\u00ef\u00bb\u00bf",
            "\u0000",
            "{",
            "\"",
            "\u00c3\u0028",
            "\u00ed\u00a0\u0080",
            "\r\n");

    byte[] of(byte[] content) {
        byte[] bytes = content;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            bytes = once(bytes);
        }
        return bytes;
    }

    private byte[] once(byte[] bytes) {
        if (bytes.length == 0) {
            return new byte[] {(byte) random.nextInt(256)};
        }
        int at = random.nextInt(bytes.length);
        int length = 1 + random.nextInt(Math.min(64, bytes.length - at));
        return switch (random.nextInt(8)) {
            case 0 -> changed(bytes, at, (byte) (bytes[at] ^ (1 << random.nextInt(8))));
            case 1 -> changed(bytes, at, (byte) random.nextInt(256));
            case 2 -> Arrays.copyOf(bytes, at);
            case 3 -> spliced(bytes, at, at + length, new byte[0]);
            case 4 -> spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, at + length));
            case 5 -> spliced(bytes, random.nextInt(bytes.length), -1, Arrays.copyOfRange(bytes, at, at + length));
            case 6 -> number(bytes, at);
            default ->
                spliced(
                        bytes,
                        at,
                        random.nextBoolean() ? at : -1,
                        MAGIC.get(random.nextInt(MAGIC.size())).getBytes(ISO_8859_1));
        };
    }

    private static byte[] changed(byte[] bytes, int at, byte value) {
        byte[] copy = bytes.clone();
        copy[at] = value;
        return copy;
    }

    /** A telling number of two, four or eight bytes over what is there. */
    private byte[] number(byte[] bytes, int at) {
        long value = NUMBERS.get(random.nextInt(NUMBERS.size()));
        byte[] whole = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        return spliced(bytes, at, -1, Arrays.copyOf(whole, 2 << random.nextInt(3)));
    }

    /** With {@code part} in place of {@code from} to {@code to}; over what is there where {@code to} is -1. */
    private static byte[] spliced(byte[] bytes, int from, int to, byte[] part) {
        int rest = to < 0 ? Math.min(bytes.length, from + part.length) : to;
        byte[] out = new byte[from + part.length + bytes.length - rest];
        System.arraycopy(bytes, 0, out, 0, from);
        System.arraycopy(part, 0, out, from, part.length);
        System.arraycopy(bytes, rest, out, from + part.length, bytes.length - rest);
        return out;
    }
}
