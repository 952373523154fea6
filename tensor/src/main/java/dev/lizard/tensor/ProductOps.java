package dev.lizard.tensor;

import static dev.lizard.tensor.Tensor.wrap;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Matrix products of a {@link Tensor}. */
abstract sealed class ProductOps extends ReductionOps permits AttentionOps {
    /** Batched matrix product over the last two axes, the others broadcast. */
    public Tensor matmul(Tensor other) {
        return wrap(torch.matmul(handle(), other.handle()));
    }

    /** X of {@code (I + L) X = B}, batched: L is this matrix below its diagonal, the rest of it is not read. */
    public Tensor solveUnitLower(Tensor b) {
        return wrap(torch.linalg_solve_triangular(handle(), b.handle(), false, true, true));
    }

    /** {@code x W^T + b} with weight [out, in]. */
    public Tensor linear(Tensor weight, @Nullable Tensor bias) {
        return wrap(Projection.of(handle(), weight.handle(), bias == null ? null : bias.handle()));
    }

    /** {@code this = keep this + factor a b}: [N, M] of [N, K] [K, M]; if {@code keep} is 0, this is not read. */
    public Tensor addmm_(Tensor a, Tensor b, double keep, double factor) {
        try (Scalar beta = new Scalar(keep);
                Scalar alpha = new Scalar(factor)) {
            handle().addmm_(a.handle(), b.handle(), beta, alpha);
        }
        return self();
    }

    /** {@code this += a b}, batched: [N, i, j] += [N, i, k] [N, k, j]. */
    public Tensor baddbmm_(Tensor a, Tensor b) {
        handle().baddbmm_(a.handle(), b.handle());
        return self();
    }
}
