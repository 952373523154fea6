package dev.lizard.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
}
