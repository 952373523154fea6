package dev.lizard.model;

import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The residual stream between blocks [B, T, D]: {@code base + addend}. Where kernels serve, the next norm adds the two on
 * its way, and their gradient is one tensor without a copy.
 */
record ResidualStream(Tensor base, @Nullable Tensor addend) {
    static ResidualStream of(Tensor x) {
        return new ResidualStream(x, null);
    }

    Tensor sum() {
        return addend == null ? base : base.add(addend);
    }

    /** Hands both parts out of {@code scope}. */
    ResidualStream promoted(Scope scope) {
        scope.promote(base);
        if (addend != null) {
            scope.promote(addend);
        }
        return this;
    }

    /** Frees our hold of both parts; with gradients on, the graph keeps what it needs. */
    void close() {
        base.close();
        if (addend != null) {
            addend.close();
        }
    }
}
