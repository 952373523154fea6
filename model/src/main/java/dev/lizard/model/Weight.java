package dev.lizard.model;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;

/** One named weight. Blocks read it at each use, so that it can be bound to another tensor, such as a leaf. */
final class Weight {
    private final String name;
    private final DType compute;
    private Tensor tensor;
    private boolean own = true;
    private boolean cast;
    private long changes;

    Weight(String name, DType compute, Tensor tensor) {
        this.name = name;
        this.compute = compute;
        this.tensor = tensor;
        this.cast = tensor.dtype() != compute;
    }

    /** The tensor now bound. */
    Tensor tensor() {
        return tensor;
    }

    /** The tensor in the type of the activations: itself, but for a float32 leaf of a bfloat16 model. */
    Tensor use() {
        return cast ? tensor.to(compute) : tensor;
    }

    /** How often it was bound to another tensor. */
    long changes() {
        return changes;
    }

    /** Uses {@code other}, which stays its owner's; the decoder's own tensor is freed. */
    void bind(Tensor other) {
        if (!Arrays.equals(other.shape(), tensor.shape())) {
            throw new IllegalArgumentException("%s has shape %s, not %s"
                    .formatted(name, Arrays.toString(tensor.shape()), Arrays.toString(other.shape())));
        }
        if (own && tensor != other) {
            tensor.close();
            own = false;
        }
        tensor = other;
        changes++;
        cast = other.dtype() != compute;
    }
}
