package dev.lizard.tensor.kernel;

import dev.lizard.tensor.Tensor;
import java.util.List;

/** Rows as the kernels' copies of 16 bytes want them: contiguous, each beginning at a multiple of 16 bytes. */
public final class AlignedRows {
    private AlignedRows() {}

    /** x [., ., ., n] of at least two bytes a number: itself, or a copy where its rows do not lie so. */
    public static Tensor of(Tensor x) {
        boolean aligned = x.stride(-1) == 1
                && x.address() % 16 == 0
                && x.stride(0) % 8 == 0
                && x.stride(1) % 8 == 0
                && x.stride(2) % 8 == 0;
        return aligned ? x : x.copy();
    }

    /**
     * The length of the rows that q, k and v [B, n, T, d] share, 0 if they do not: their gradients then share rows of this
     * length too, so that who made one product of them has one of their gradients.
     */
    static int shared(Tensor q, Tensor k, Tensor v) {
        long row = q.stride(2);
        long bytes = q.dtype().bytes() * q.size(3);
        boolean shared = row >= (q.size(1) + 2 * k.size(1)) * q.size(3)
                && k.address() == q.address() + q.size(1) * bytes
                && v.address() == k.address() + k.size(1) * bytes;
        for (Tensor x : List.of(q, k, v)) {
            shared &= x.stride(0) == x.size(2) * row && x.stride(2) == row && x.stride(1) == x.size(3);
        }
        return shared ? Math.toIntExact(row) : 0;
    }
}
