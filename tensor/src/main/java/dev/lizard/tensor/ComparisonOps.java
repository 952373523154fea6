package dev.lizard.tensor;

import static dev.lizard.tensor.Tensor.wrap;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;

/** Comparisons of a {@link Tensor}, with bool results, and what is done with these. */
abstract sealed class ComparisonOps extends ElementwiseOps permits ReductionOps {
    public Tensor lt(Tensor other) {
        return wrap(torch.lt(handle(), other.handle()));
    }

    public Tensor lt(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.lt(handle(), scalar));
        }
    }

    public Tensor le(Tensor other) {
        return wrap(torch.le(handle(), other.handle()));
    }

    public Tensor ge(Tensor other) {
        return wrap(torch.ge(handle(), other.handle()));
    }

    public Tensor ge(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.ge(handle(), scalar));
        }
    }

    public Tensor eq(Tensor other) {
        return wrap(torch.eq(handle(), other.handle()));
    }

    public Tensor eq(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.eq(handle(), scalar));
        }
    }

    public Tensor logicalAnd(Tensor other) {
        return wrap(torch.logical_and(handle(), other.handle()));
    }

    public Tensor logicalOr(Tensor other) {
        return wrap(torch.logical_or(handle(), other.handle()));
    }

    /** {@code value} where the bool {@code mask} is true (broadcast). */
    public Tensor maskedFill(Tensor mask, double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.masked_fill(handle(), mask.handle(), scalar));
        }
    }

    /** True if no element is NaN or infinite. Waits for the device. */
    public boolean allFinite() {
        try (Scope scope = Scope.open()) {
            return wrap(wrap(torch.isfinite(handle())).handle().all()).item() != 0;
        }
    }
}
