package dev.lizard.distill;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;

/**
 * Losses between two tensors, with their gradients in closed form. They compute in float32, or in float64 where that is
 * the type.
 *
 * @param value a scalar
 * @param gradient of the value with respect to the first tensor, of its shape and type
 */
record Distances(Tensor value, Tensor gradient) {
    /** Below this a length has no direction, and a probability no logarithm. */
    private static final double TINY = 1e-12;

    /** The mean, over all but the last {@code axes} axes, of ‖a − b‖ over these; where it is 0 the gradient is 0. */
    static Distances length(Tensor a, Tensor b, int axes) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            long[] shape = a.shape();
            long width = 1;
            for (int i = 0; i < axes; i++) {
                width *= shape[shape.length - 1 - i];
            }
            Tensor error = wide(a).sub(wide(b)).reshape(a.count() / width, width); // [N, width]
            Tensor lengths = error.square().sum(1, true).sqrt(); // [N, 1]
            Tensor gradient = error.div(lengths.clampMin(TINY)).div((double) a.count() / width);
            return of(work, lengths.mean(), gradient, a);
        }
    }

    /** The mean over rows of − Σ_j b_j log a_j, for rows [..., T] of weights that are at least 0. */
    static Distances crossEntropy(Tensor a, Tensor b) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            double rows = (double) a.count() / a.size(-1);
            Tensor weights = wide(a).clampMin(TINY);
            Tensor goal = wide(b);
            Tensor alive = wide(a).ge(TINY).to(goal.dtype());
            Tensor gradient = goal.div(weights).mul(alive).div(-rows);
            return of(work, goal.mul(weights.log()).sum().div(-rows), gradient, a);
        }
    }

    private static Distances of(Scope work, Tensor value, Tensor gradient, Tensor a) {
        Tensor shaped = gradient.reshape(a.shape()).to(a.dtype());
        return new Distances(work.promote(value), work.promote(shaped));
    }

    private static Tensor wide(Tensor x) {
        return x.dtype() == DType.BFLOAT16 ? x.to(DType.FLOAT32) : x;
    }
}
