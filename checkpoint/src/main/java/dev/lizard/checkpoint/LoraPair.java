package dev.lizard.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The two factors of one adapted projection: {@code y += s B (A x)}.
 *
 * @param rank r
 * @param in width of x
 * @param out width of y
 * @param scale s: alpha / r, or alpha / √r for rank-stabilised adapters
 * @param a float32 [r, in], row-major, the machine's order
 * @param b float32 [out, r]
 */
public record LoraPair(int rank, int in, int out, double scale, MemorySegment a, MemorySegment b) {
    /** Checks that the segments have the stated sizes. */
    public LoraPair {
        if (a.byteSize() != (long) rank * in * Float.BYTES || b.byteSize() != (long) out * rank * Float.BYTES) {
            throw new IllegalArgumentException("A has %d bytes and B %d, not those of [%d, %d] and [%d, %d]"
                    .formatted(a.byteSize(), b.byteSize(), rank, in, out, rank));
        }
        a = a.asReadOnly();
        b = b.asReadOnly();
    }

    /** A pair over arrays, which are not copied. */
    public static LoraPair of(int rank, int in, int out, double scale, float[] a, float[] b) {
        return new LoraPair(rank, in, out, scale, MemorySegment.ofArray(a), MemorySegment.ofArray(b));
    }

    /** A copy of A, [r, in]. */
    public float[] aValues() {
        return a.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    /** A copy of B, [out, r]. */
    public float[] bValues() {
        return b.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
}
