package dev.lizard.model;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One named weight. Blocks read it at each use, so that it can be bound to another tensor, such as a leaf. */
final class Weight {
    private final String name;
    private final DType compute;
    private Tensor tensor;
    private boolean own = true;
    private boolean cast;
    private long changes;
    /** What {@link #restore} goes back to. */
    private @Nullable Tensor aside;

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

    /** Uses {@code other}, which stays its owner's, until {@link #restore}. */
    void substitute(Tensor other) {
        requireShape(other);
        aside = aside == null ? tensor : aside;
        tensor = other;
        changes++;
        cast = other.dtype() != compute;
    }

    /** Undoes {@link #substitute}. */
    void restore() {
        if (aside != null) {
            tensor = aside;
            changes++;
            cast = tensor.dtype() != compute;
            aside = null;
        }
    }

    /** Uses {@code other}, which stays its owner's; the decoder's own tensor is freed. */
    void bind(Tensor other) {
        requireShape(other);
        if (own && tensor != other) {
            tensor.close();
            own = false;
        }
        tensor = other;
        changes++;
        cast = other.dtype() != compute;
    }

    private void requireShape(Tensor other) {
        if (!Arrays.equals(other.shape(), tensor.shape())) {
            throw new IllegalArgumentException("%s has shape %s, not %s"
                    .formatted(name, Arrays.toString(tensor.shape()), Arrays.toString(other.shape())));
        }
    }
}
