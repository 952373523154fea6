package dev.lizard.tensor;

import org.bytedeco.pytorch.global.torch.ScalarType;

/** Element types of a {@link Tensor}. */
public enum DType {
    FLOAT32(4, ScalarType.Float),
    BFLOAT16(2, ScalarType.BFloat16),
    FLOAT64(8, ScalarType.Double),
    INT8(1, ScalarType.Char),
    INT32(4, ScalarType.Int),
    INT64(8, ScalarType.Long),
    BOOL(1, ScalarType.Bool);

    private static final DType[] VALUES = values();

    private final int bytes;
    private final ScalarType scalarType;

    DType(int bytes, ScalarType scalarType) {
        this.bytes = bytes;
        this.scalarType = scalarType;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    ScalarType scalarType() {
        return scalarType;
    }

    static DType of(ScalarType scalarType) {
        for (DType dtype : VALUES) {
            if (dtype.scalarType.value == scalarType.value) {
                return dtype;
            }
        }
        throw new IllegalStateException("no DType for the engine's element type " + scalarType);
    }
}
