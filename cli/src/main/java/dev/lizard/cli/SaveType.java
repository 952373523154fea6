package dev.lizard.cli;

import dev.lizard.tensor.DType;

/** Types that weights are written in: what every reader of safetensors computes with. */
enum SaveType {
    FLOAT32(DType.FLOAT32),
    BFLOAT16(DType.BFLOAT16);

    private final DType dtype;

    SaveType(DType dtype) {
        this.dtype = dtype;
    }

    DType dtype() {
        return dtype;
    }
}
