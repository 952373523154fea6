package dev.lizard.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Whole writes to channels. */
final class Bytes {
    private static final long PIECE = 4L << 20;

    private Bytes() {}

    static void writeAll(WritableByteChannel channel, byte[] bytes) throws IOException {
        writeAll(channel, ByteBuffer.wrap(bytes));
    }

    static void writeAll(WritableByteChannel channel, MemorySegment segment) throws IOException {
        for (long at = 0; at < segment.byteSize(); at += PIECE) {
            long size = Math.min(PIECE, segment.byteSize() - at);
            MemorySegment piece = segment.asSlice(at, size);
            writeAll(channel, piece.isNative() ? piece.asByteBuffer() : copy(piece));
        }
    }

    /** Only arrays of bytes can be seen as buffers; other arrays are copied piece by piece. */
    private static ByteBuffer copy(MemorySegment piece) {
        return ByteBuffer.wrap(piece.toArray(ValueLayout.JAVA_BYTE));
    }

    private static void writeAll(WritableByteChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
