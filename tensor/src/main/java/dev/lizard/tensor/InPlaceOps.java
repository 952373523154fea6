package dev.lizard.tensor;

import org.bytedeco.pytorch.Scalar;

/** Operations that change a {@link Tensor} in place and return it. */
abstract sealed class InPlaceOps extends ShapeOps permits Tensor {
    /** Copies {@code source} into this tensor, broadcast and converted. */
    public Tensor copy_(Tensor source) {
        handle().copy_(source.handle());
        return self();
    }

    public Tensor zero_() {
        handle().zero_();
        return self();
    }

    public Tensor fill_(double value) {
        try (Scalar scalar = new Scalar(value)) {
            handle().fill_(scalar);
        }
        return self();
    }

    public Tensor add_(Tensor other) {
        handle().add_(other.handle());
        return self();
    }

    public Tensor add_(long value) {
        try (Scalar scalar = new Scalar(value)) {
            handle().add_(scalar);
        }
        return self();
    }

    public Tensor add_(double value) {
        try (Scalar scalar = new Scalar(value)) {
            handle().add_(scalar);
        }
        return self();
    }

    public Tensor mul_(Tensor other) {
        handle().mul_(other.handle());
        return self();
    }

    public Tensor mul_(double value) {
        try (Scalar scalar = new Scalar(value)) {
            handle().mul_(scalar);
        }
        return self();
    }

    /** {@code this += weight (other - this)}. */
    public Tensor lerp_(Tensor other, double weight) {
        try (Scalar scalar = new Scalar(weight)) {
            handle().lerp_(other.handle(), scalar);
        }
        return self();
    }

    /** {@code this += factor a b}. */
    public Tensor addcmul_(Tensor a, Tensor b, double factor) {
        try (Scalar scalar = new Scalar(factor)) {
            handle().addcmul_(a.handle(), b.handle(), scalar);
        }
        return self();
    }

    /** {@code this += factor a / b}. */
    public Tensor addcdiv_(Tensor a, Tensor b, double factor) {
        try (Scalar scalar = new Scalar(factor)) {
            handle().addcdiv_(a.handle(), b.handle(), scalar);
        }
        return self();
    }

    public Tensor indexCopy_(int axis, Tensor index, Tensor source) {
        handle().index_copy_(axis, index.handle(), source.handle());
        return self();
    }
}
