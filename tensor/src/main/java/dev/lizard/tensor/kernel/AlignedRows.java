package dev.lizard.tensor.kernel;

import dev.lizard.tensor.Tensor;

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
}
