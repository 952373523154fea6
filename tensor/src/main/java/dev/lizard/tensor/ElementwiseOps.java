package dev.lizard.tensor;

import static dev.lizard.tensor.Tensor.wrap;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;

/** Operations of a {@link Tensor} element by element; two tensors broadcast. */
abstract sealed class ElementwiseOps permits ComparisonOps {
    abstract org.bytedeco.pytorch.Tensor handle();

    Tensor self() {
        return (Tensor) this;
    }

    public Tensor add(Tensor other) {
        return wrap(torch.add(handle(), other.handle()));
    }

    public Tensor add(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.add(handle(), scalar));
        }
    }

    public Tensor sub(Tensor other) {
        return wrap(torch.sub(handle(), other.handle()));
    }

    public Tensor sub(double value) {
        return add(-value);
    }

    public Tensor mul(Tensor other) {
        return wrap(torch.mul(handle(), other.handle()));
    }

    public Tensor mul(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.mul(handle(), scalar));
        }
    }

    public Tensor div(Tensor other) {
        return wrap(torch.div(handle(), other.handle()));
    }

    public Tensor div(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.div(handle(), scalar));
        }
    }

    public Tensor neg() {
        return wrap(torch.neg(handle()));
    }

    public Tensor abs() {
        return wrap(torch.abs(handle()));
    }

    // With whole numbers int64 stays int64.

    public Tensor add(long value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.add(handle(), scalar));
        }
    }

    public Tensor sub(long value) {
        return add(-value);
    }

    public Tensor mul(long value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.mul(handle(), scalar));
        }
    }

    /** Of a division whose quotient is rounded down: in [0, divisor) for a positive one. */
    public Tensor remainder(long divisor) {
        try (Scalar scalar = new Scalar(divisor)) {
            return wrap(torch.remainder(handle(), scalar));
        }
    }

    public Tensor pow(double exponent) {
        try (Scalar scalar = new Scalar(exponent)) {
            return wrap(torch.pow(handle(), scalar));
        }
    }

    public Tensor square() {
        return wrap(torch.square(handle()));
    }

    public Tensor sqrt() {
        return wrap(torch.sqrt(handle()));
    }

    public Tensor exp() {
        return wrap(torch.exp(handle()));
    }

    public Tensor log() {
        return wrap(torch.log(handle()));
    }

    public Tensor cos() {
        return wrap(torch.cos(handle()));
    }

    public Tensor sin() {
        return wrap(torch.sin(handle()));
    }

    public Tensor sigmoid() {
        return wrap(torch.sigmoid(handle()));
    }

    /** {@code x sigmoid(x)}. */
    public Tensor silu() {
        return wrap(torch.silu(handle()));
    }

    /** {@code log(sigmoid(x))}, exact for large negative x. */
    public Tensor logSigmoid() {
        return wrap(torch.log_sigmoid(handle()));
    }

    /** To the nearest whole number, halves to the even one. */
    public Tensor round() {
        return wrap(torch.round(handle()));
    }

    public Tensor maximum(Tensor other) {
        return wrap(torch.maximum(handle(), other.handle()));
    }

    public Tensor clampMin(double low) {
        try (Scalar scalar = new Scalar(low)) {
            return wrap(torch.clamp_min(handle(), scalar));
        }
    }

    public Tensor clampMax(double high) {
        try (Scalar scalar = new Scalar(high)) {
            return wrap(torch.clamp_max(handle(), scalar));
        }
    }
}
