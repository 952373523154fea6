package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** From files to tensors. */
public final class Weights {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Weights() {}

    /**
     * Reads one tensor, converted or dequantised. The result belongs to the innermost open scope.
     *
     * @throws LizardException INPUT when there is no such tensor, with the nearest key
     */
    public static Tensor load(WeightSource source, String name, DType dtype, Device device) {
        TensorInfo info = source.info(name);
        long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
        try (Scope scope = Scope.open()) {
            return scope.promote(host(source, info, dtype, shape).to(device));
        }
    }

    private static Tensor host(WeightSource source, TensorInfo info, DType dtype, long[] shape) {
        Tensor host = Tensors.empty(dtype, Device.CPU, shape);
        if (storedAs(info.type(), dtype)) {
            source.read(info.name(), stored -> host.segment().copyFrom(stored));
        } else if (info.type() == StoredType.I32) { // float32 would round
            source.read(info.name(), stored -> host.copy_(Tensors.of(stored.toArray(INT), shape)));
        } else if (dtype == DType.FLOAT32) {
            source.readFloat32(info.name(), host.segment());
        } else if (dtype == DType.BFLOAT16) {
            TensorInfo readable = source.readable(info.name());
            source.read(info.name(), stored -> Dequantize.toBfloat16(readable, stored, host.segment()));
        } else {
            host.copy_(host(source, info, DType.FLOAT32, shape));
        }
        return host;
    }

    /** Whether the stored bytes are the tensor's own: no way through float32, which would round. */
    private static boolean storedAs(StoredType stored, DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> stored == StoredType.F32;
            case BFLOAT16 -> stored == StoredType.BF16;
            case FLOAT64 -> stored == StoredType.F64;
            case INT8 -> stored == StoredType.I8;
            case INT32 -> stored == StoredType.I32;
            case INT64 -> stored == StoredType.I64;
            case BOOL -> stored == StoredType.BOOL;
        };
    }
}
