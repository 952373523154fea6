package dev.lizard.tensor;

import static dev.lizard.tensor.Tensor.wrap;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Storage;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Makes tensors. All belong to the innermost open {@link Scope}. */
public final class Tensors {
    private Tensors() {}

    /** Uninitialised memory. */
    public static Tensor empty(DType dtype, Device device, long... shape) {
        return wrap(torch.empty(shape, Engine.options(dtype, device), null));
    }

    public static Tensor zeros(DType dtype, Device device, long... shape) {
        return wrap(torch.zeros(shape, Engine.options(dtype, device)));
    }

    public static Tensor ones(DType dtype, Device device, long... shape) {
        return full(1.0, dtype, device, shape);
    }

    public static Tensor full(double value, DType dtype, Device device, long... shape) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.full(shape, scalar, Engine.options(dtype, device)));
        }
    }

    /** {@code start, start + 1, ..., end - 1} as int64. */
    public static Tensor arange(long start, long end, Device device) {
        try (Scalar from = new Scalar(start);
                Scalar to = new Scalar(end)) {
            return wrap(torch.arange(from, to, Engine.options(DType.INT64, device)));
        }
    }

    public static Tensor eye(long n, DType dtype, Device device) {
        return wrap(torch.eye(n, Engine.options(dtype, device)));
    }

    /** float32 on the CPU. */
    public static Tensor of(float[] values, long... shape) {
        return fromSegment(MemorySegment.ofArray(values), DType.FLOAT32, Device.CPU, shape);
    }

    /** float64 on the CPU. */
    public static Tensor of(double[] values, long... shape) {
        return fromSegment(MemorySegment.ofArray(values), DType.FLOAT64, Device.CPU, shape);
    }

    /** int64 on the CPU. */
    public static Tensor of(long[] values, long... shape) {
        return fromSegment(MemorySegment.ofArray(values), DType.INT64, Device.CPU, shape);
    }

    /** int64 on the CPU, for token ids. */
    public static Tensor of(int[] values, long... shape) {
        long[] wide = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            wide[i] = values[i];
        }
        return of(wide, shape);
    }

    /**
     * Copies raw little-endian elements, row-major.
     *
     * @throws IllegalArgumentException if the segment's size is not that of the shape
     */
    public static Tensor fromSegment(MemorySegment source, DType dtype, Device device, long... shape) {
        Tensor host = empty(dtype, Device.CPU, shape);
        if (source.byteSize() != host.bytes()) {
            throw new IllegalArgumentException(
                    "%d bytes for a tensor of %d bytes".formatted(source.byteSize(), host.bytes()));
        }
        MemorySegment.copy(source, ValueLayout.JAVA_BYTE, 0, host.segment(), ValueLayout.JAVA_BYTE, 0, host.bytes());
        return device.isCuda() ? host.to(device) : host;
    }

    /** Joins along an existing axis. */
    public static Tensor cat(List<Tensor> parts, int axis) {
        try (TensorVector vector = vector(parts)) {
            return wrap(torch.cat(vector, axis));
        }
    }

    public static Tensor cat(int axis, Tensor... parts) {
        return cat(List.of(parts), axis);
    }

    /**
     * [N, m] each, as [N, Σ m + room] without a copy: where their rows follow one another in one memory, with {@code room}
     * more numbers after the last; null where they do not lie so.
     */
    public static @Nullable Tensor beside(List<Tensor> parts, long room) {
        org.bytedeco.pytorch.Tensor first = parts.getFirst().handle();
        long row = room;
        for (Tensor part : parts) {
            row += part.size(1);
        }
        long at = parts.getFirst().address();
        for (Tensor part : parts) {
            boolean next = part.address() == at && part.stride(0) == row && part.stride(1) == 1;
            if (!next || !part.handle().is_alias_of(first)) {
                return null;
            }
            at += part.size(1) * part.dtype().bytes();
        }
        long[] shape = {first.size(0), row};
        long end = (first.storage_offset() + shape[0] * row)
                * parts.getFirst().dtype().bytes();
        try (Storage storage = first.storage()) {
            return end > storage.nbytes() ? null : wrap(first.as_strided(shape, row, 1));
        }
    }

    /** Joins along a new axis. */
    public static Tensor stack(List<Tensor> parts, int axis) {
        try (TensorVector vector = vector(parts)) {
            return wrap(torch.stack(vector, axis));
        }
    }

    /** Elementwise choice: {@code condition ? a : b}, broadcast. */
    public static Tensor where(Tensor condition, Tensor a, Tensor b) {
        return wrap(torch.where(condition.handle(), a.handle(), b.handle()));
    }

    static TensorVector vector(List<Tensor> parts) {
        TensorVector vector = new TensorVector(parts.size());
        for (int i = 0; i < parts.size(); i++) {
            vector.put(i, parts.get(i).handle());
        }
        return vector;
    }
}
