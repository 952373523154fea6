package dev.lizard.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.LongStream;

/**
 * Stored numbers to float32. Bytes are copied to small arrays first: plain loops over arrays are what the compiler
 * vectorises. Tensors of many chunks are spread over the common pool.
 */
final class Dequantize {
    /** Numbers a chunk: 16 KiB of float32, so that a chunk and its bytes stay in the first-level cache. */
    private static final int CHUNK = 4 * 1024;

    private static final int PARALLEL_FROM_CHUNKS = 32;

    /** A thread's share of a tensor comes in so many parts, each with arrays of its own, as another may be held up. */
    private static final int PARTS_A_THREAD = 4;

    private static final ValueLayout.OfFloat LITTLE = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Never started: stands for "some other thread" when asking whether a segment may be shared. */
    private static final Thread ANOTHER = Thread.ofPlatform().unstarted(() -> {});

    private Dequantize() {}

    /**
     * Converts a whole tensor.
     *
     * @param src {@code info.byteSize()} bytes, little-endian
     * @param dst float32 in the machine's order
     */
    static void toFloat32(TensorInfo info, MemorySegment src, MemorySegment dst) {
        long elements = info.elements();
        if (dst.byteSize() < elements * Float.BYTES) {
            throw new IllegalArgumentException("%s needs %d bytes but the destination has %d"
                    .formatted(info.name(), elements * Float.BYTES, dst.byteSize()));
        }
        if (info.type() == StoredType.F32) {
            MemorySegment.copy(src, LITTLE, 0, dst, JAVA_FLOAT_UNALIGNED, 0, elements);
            return;
        }
        convert(info, src, dst, Dequantize::putFloats);
    }

    /**
     * Converts a whole tensor by way of float32, rounded to the nearest, to the even one of two, without a float32 form
     * of the whole.
     *
     * @param src {@code info.byteSize()} bytes, little-endian
     * @param dst bfloat16 in the machine's order
     */
    static void toBfloat16(TensorInfo info, MemorySegment src, MemorySegment dst) {
        convert(info, src, dst, Dequantize::putBfloats);
    }

    private static void convert(TensorInfo info, MemorySegment src, MemorySegment dst, Sink sink) {
        StoredType type = info.type();
        BlockDecoder decoder = decoder(type);
        long blocks = info.elements() / type.blockSize();
        int step = CHUNK / type.blockSize();
        long chunks = Math.ceilDiv(blocks, step);
        boolean parallel = chunks >= PARALLEL_FROM_CHUNKS && src.isAccessibleBy(ANOTHER) && dst.isAccessibleBy(ANOTHER);
        if (!parallel) {
            convert(type, decoder, src, dst, sink, 0, blocks);
            return;
        }
        long parts = Math.min(chunks, (long) PARTS_A_THREAD * (ForkJoinPool.getCommonPoolParallelism() + 1));
        LongStream.range(0, parts).parallel().forEach(part -> {
            long from = part * chunks / parts * step;
            long to = Math.min(blocks, (part + 1) * chunks / parts * step);
            convert(type, decoder, src, dst, sink, from, to);
        });
    }

    /** The blocks of {@code [from, to)}. */
    private static void convert(
            StoredType type,
            BlockDecoder decoder,
            MemorySegment src,
            MemorySegment dst,
            Sink sink,
            long from,
            long to) {
        int step = (int) Math.min(CHUNK / type.blockSize(), to - from);
        byte[] in = new byte[step * type.blockBytes()];
        float[] out = new float[step * type.blockSize()];
        for (long first = from; first < to; first += step) {
            int count = (int) Math.min(step, to - first);
            MemorySegment.copy(src, JAVA_BYTE, first * type.blockBytes(), in, 0, count * type.blockBytes());
            decoder.decode(in, out, count);
            sink.put(out, count * type.blockSize(), dst, first * type.blockSize());
        }
    }

    private static void putFloats(float[] values, int count, MemorySegment dst, long at) {
        MemorySegment.copy(values, 0, dst, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, count);
    }

    private static void putBfloats(float[] values, int count, MemorySegment dst, long at) {
        short[] rounded = new short[count];
        for (int i = 0; i < count; i++) {
            int bits = Float.floatToIntBits(values[i]); // of all NaNs the usual one, which rounding leaves a NaN
            rounded[i] = (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
        }
        MemorySegment.copy(rounded, 0, dst, JAVA_SHORT_UNALIGNED, at * Short.BYTES, rounded.length);
    }

    private static BlockDecoder decoder(StoredType type) {
        return switch (type) {
            case F64 -> PlainNumbers::f64;
            case F32 -> PlainNumbers::f32;
            case F16 -> PlainNumbers::f16;
            case BF16 -> PlainNumbers::bf16;
            case I64 -> PlainNumbers::i64;
            case I32 -> PlainNumbers::i32;
            case I16 -> PlainNumbers::i16;
            case I8 -> PlainNumbers::i8;
            case U8, BOOL -> PlainNumbers::u8;
            case Q8_0 -> Blocks32::q8_0;
            case Q4_0 -> Blocks32::q4_0;
            case Q4_1 -> Blocks32::q4_1;
            case Q5_0 -> Blocks32::q5_0;
            case Q5_1 -> Blocks32::q5_1;
            case Q2_K -> Blocks256::q2;
            case Q3_K -> Blocks256::q3;
            case Q4_K -> Blocks256::q4;
            case Q5_K -> Blocks256::q5;
            case Q6_K -> Blocks256::q6;
            case U16, U32, U64, C64, F8_E4M3, F8_E4M3FNUZ, F8_E5M2, F8_E5M2FNUZ, F8_E8M0, F6_E2M3, F6_E3M2, F4 ->
                throw new IllegalArgumentException(type + " is not read");
        };
    }

    /** Writes the first {@code count} numbers from the place {@code at} on. */
    @FunctionalInterface
    private interface Sink {
        void put(float[] values, int count, MemorySegment dst, long at);
    }

    /** Decodes whole blocks from the start of one array to the start of the other. */
    @FunctionalInterface
    interface BlockDecoder {
        void decode(byte[] in, float[] out, int blocks);
    }
}
