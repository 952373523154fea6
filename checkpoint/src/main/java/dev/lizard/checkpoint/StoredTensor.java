package dev.lizard.checkpoint;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * A tensor to be written.
 *
 * @param info name, plain type and shape
 * @param bytes asked once, when its turn comes: {@code info.byteSize()} little-endian bytes, row-major
 */
public record StoredTensor(TensorInfo info, Supplier<MemorySegment> bytes) {
    /** A tensor of another file as it is stored there; GGUF's blocks become float32. */
    public static StoredTensor of(WeightSource source, String name) {
        TensorInfo info = source.info(name);
        if (!info.type().isBlocked()) {
            return new StoredTensor(info, () -> source.raw(name));
        }
        TensorInfo plain = new TensorInfo(name, StoredType.F32, info.shape());
        return new StoredTensor(plain, () -> {
            MemorySegment values = Arena.ofAuto().allocate(plain.byteSize(), ValueLayout.JAVA_FLOAT.byteAlignment());
            source.readFloat32(name, values);
            return values;
        });
    }

    /** A tensor in memory, on any device; the bytes are copied to the host when they are asked for. */
    public static StoredTensor of(String name, Tensor tensor) {
        return of(name, tensor, tensor.dtype());
    }

    /** As {@link #of(String, Tensor)}, in another type. */
    public static StoredTensor of(String name, Tensor tensor, DType dtype) {
        List<Long> shape = Arrays.stream(tensor.shape()).boxed().toList();
        TensorInfo info = new TensorInfo(name, typeOf(dtype), shape);
        return new StoredTensor(
                info,
                () -> tensor.detach().to(dtype).to(Device.CPU).contiguous().segment());
    }

    private static StoredType typeOf(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> StoredType.F32;
            case BFLOAT16 -> StoredType.BF16;
            case FLOAT64 -> StoredType.F64;
            case INT8 -> StoredType.I8;
            case INT32 -> StoredType.I32;
            case INT64 -> StoredType.I64;
            case BOOL -> StoredType.BOOL;
        };
    }
}
