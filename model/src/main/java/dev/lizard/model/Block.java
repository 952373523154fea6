package dev.lizard.model;

import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Rotary;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;

/**
 * One pre-norm residual block:
 *
 * <pre>
 *   a = x + output(mix(project(norm₁ x)))        y = a + mlp(norm₂ a)
 * </pre>
 */
record Block(Norm before, Attention attention, Norm between, Mlp mlp) {
    /** What happens between projection and output: per-head outputs [B, H, T, d]. */
    @FunctionalInterface
    interface Mixing {
        Tensor heads(MixerInput in);
    }

    /** x [B, T, D], first token at {@code start}, to [B, T, D]. All else it makes is freed before it returns. */
    Tensor apply(Tensor x, Rotary rotary, long start, Mixing mixing) {
        try (Scope work = Scope.open()) {
            Tensor heads = mixing.heads(attention.project(before.apply(x), rotary, start)); // [B, H, T, d]
            Tensor attended = x.add(attention.join(heads)); // [B, T, D]
            return work.promote(attended.add(mlp.apply(between.apply(attended))));
        }
    }
}
