package dev.lizard.model;

import dev.lizard.checkpoint.SafetensorsFile;
import dev.lizard.checkpoint.StoredType;
import dev.lizard.checkpoint.TensorInfo;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.nio.file.Path;

/** Tensors of a reference file as they are stored, float32 or int64. */
final class References implements AutoCloseable {
    private final SafetensorsFile file;

    References(Path path) {
        file = SafetensorsFile.open(path);
    }

    Tensor get(String name) {
        TensorInfo info = file.info(name);
        long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
        DType dtype = info.type() == StoredType.I64 ? DType.INT64 : DType.FLOAT32;
        return Tensors.fromSegment(file.raw(name), dtype, Device.CPU, shape);
    }

    @Override
    public void close() {
        file.close();
    }
}
