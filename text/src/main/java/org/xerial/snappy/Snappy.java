package org.xerial.snappy;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Unpacks Snappy's format in place of snappy-java, whose name the Parquet library asks for: that one's native code trusts the
 * length that packed bytes claim and writes beyond its target, so that a damaged file ends the process. Format: the length
 * as a varint, then literals and copies of what was unpacked before (google/snappy, format_description).
 */
public final class Snappy {
    private final ByteBuffer in;
    private final ByteBuffer out;
    private final int start;

    private Snappy(ByteBuffer in, ByteBuffer out) {
        this.in = in;
        this.out = out;
        this.start = out.position();
    }

    /**
     * Unpacks what remains of {@code compressed} into {@code uncompressed}, whose limit becomes the end of it.
     *
     * @return how many bytes came out
     * @throws IOException where the bytes are not whole or do not fit
     */
    public static int uncompress(ByteBuffer compressed, ByteBuffer uncompressed) throws IOException {
        Snappy snappy = new Snappy(compressed.duplicate(), uncompressed.duplicate());
        int length = snappy.unpack();
        uncompressed.limit(uncompressed.position() + length);
        return length;
    }

    private int unpack() throws IOException {
        long length = 0;
        int shift = 0;
        int next;
        do {
            next = next(1);
            length |= (long) (next & 0x7F) << shift;
            shift += 7;
        } while (next >= 0x80 && shift < 35);
        require(next < 0x80 && length <= out.remaining());
        out.limit(start + (int) length);
        while (in.hasRemaining()) {
            int tag = next(1);
            switch (tag & 3) {
                case 0 -> literal(tag >>> 2);
                case 1 -> copy(4 + ((tag >>> 2) & 7), ((tag >>> 5) << 8) | next(1));
                case 2 -> copy(1 + (tag >>> 2), next(2));
                default -> copy(1 + (tag >>> 2), next(4));
            }
        }
        require(!out.hasRemaining());
        return (int) length;
    }

    private void literal(int code) throws IOException {
        int length = code < 60 ? code + 1 : next(code - 59) + 1;
        require(length > 0 && length <= in.remaining() && length <= out.remaining());
        out.put(out.position(), in, in.position(), length);
        in.position(in.position() + length);
        out.position(out.position() + length);
    }

    /** Byte by byte, since a copy may read what it has just written. */
    private void copy(int length, int back) throws IOException {
        require(back > 0 && back <= out.position() - start && length <= out.remaining());
        for (int i = 0; i < length; i++) {
            out.put(out.get(out.position() - back));
        }
    }

    /** A number of so many bytes, the lowest first; below 0 where it has all 32 bits. */
    private int next(int bytes) throws IOException {
        require(in.remaining() >= bytes);
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (in.get() & 0xFF) << (8 * i);
        }
        return value;
    }

    private static void require(boolean whole) throws IOException {
        if (!whole) {
            throw new IOException("damaged Snappy bytes");
        }
    }
}
