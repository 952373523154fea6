package dev.lizard.tensor.kernel;

import dev.lizard.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** Fills a C struct that a kernel takes by value, member by member: pointers and 64-bit numbers, then 32-bit ones. */
final class ProblemWords {
    private final MemorySegment segment;
    private long at;

    ProblemWords(Arena arena, long bytes) {
        segment = arena.allocate(bytes, Long.BYTES);
    }

    /** Device addresses; null is a null pointer. */
    ProblemWords pointers(@Nullable Tensor... tensors) {
        for (Tensor tensor : tensors) {
            if (tensor != null && !tensor.isCuda()) { // some cards would read it there, others stop
                throw new IllegalArgumentException("member at byte %d lies in the host's memory".formatted(at));
            }
            number(tensor == null ? 0 : tensor.address());
        }
        return this;
    }

    /** Element strides of batch, token and head of x [B, n, T, d]. */
    ProblemWords strides(Tensor x) {
        return number(x.stride(0)).number(x.stride(2)).number(x.stride(1));
    }

    ProblemWords number(long value) {
        segment.set(ValueLayout.JAVA_LONG, at, value);
        at += Long.BYTES;
        return this;
    }

    ProblemWords ints(int... values) {
        for (int value : values) {
            segment.set(ValueLayout.JAVA_INT, at, value);
            at += Integer.BYTES;
        }
        return this;
    }

    /** The filled struct. */
    MemorySegment done() {
        if (at != segment.byteSize()) {
            throw new IllegalStateException("%d of %d bytes filled".formatted(at, segment.byteSize()));
        }
        return segment;
    }
}
