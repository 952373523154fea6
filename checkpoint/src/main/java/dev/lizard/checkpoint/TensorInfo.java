package dev.lizard.checkpoint;

import java.util.List;

/**
 * What a file says of one tensor.
 *
 * @param name the tensor's key in the file
 * @param type how its numbers are stored
 * @param shape row-major, outermost axis first; empty for a scalar
 */
public record TensorInfo(String name, StoredType type, List<Long> shape) {
    /** Refuses negative axes and sizes beyond 2^63 (an {@link ArithmeticException}, which readers translate). */
    public TensorInfo {
        shape = List.copyOf(shape);
        long elements = 1;
        long strides = 1; // an axis of 0 does not make the others possible
        for (long axis : shape) {
            if (axis < 0) {
                throw new ArithmeticException("negative axis " + axis);
            }
            elements = Math.multiplyExact(elements, axis);
            strides = Math.multiplyExact(strides, Math.max(1, axis));
        }
        if (elements % type.blockSize() != 0) {
            throw new ArithmeticException(
                    "%d numbers, not a multiple of the block of %d".formatted(elements, type.blockSize()));
        }
        type.bytesFor(elements);
    }

    /** How many numbers the tensor has. */
    public long elements() {
        long elements = 1;
        for (long axis : shape) {
            elements *= axis;
        }
        return elements;
    }

    /** Bytes it takes in its file. */
    public long byteSize() {
        return type.bytesFor(elements());
    }

    /** The same tensor under another key. */
    public TensorInfo renamed(String newName) {
        return new TensorInfo(newName, type, shape);
    }
}
