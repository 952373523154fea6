package dev.lizard.model;

import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Positions;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.FusedOps;

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

    /** The same with {@linkplain Linear#frozen frozen} projections. */
    Block frozen(Scope owner) {
        return new Block(before, attention.frozen(owner), between, mlp.frozen(owner));
    }

    /** As {@link #apply(Tensor, Positions, Mixing, Tape)} without a tape. */
    Tensor apply(Tensor x, Positions at, Mixing mixing) {
        return apply(x, at, mixing, Tape.OFF);
    }

    /**
     * x [B, T, D], whose tokens stand at {@code at}, to [B, T, D]. All else it makes is freed before it returns.
     *
     * @param tape where a mixer may put operations of its own
     */
    Tensor apply(Tensor input, Positions at, Mixing mixing, Tape tape) {
        try (Scope work = Scope.open()) {
            if (RowStep.serves(this, input)) {
                return work.promote(new RowStep(this).apply(input, at, mixing));
            }
            if (fuses(input, tape)) {
                return work.promote(
                        fused(ResidualStream.of(input), at, mixing, tape).sum());
            }
            Tensor x = tape.cut(input); // read before the mixer and after it
            Tensor normed = tape.cut(before.apply(x)); // read by projections and, at times, by gates
            Tensor heads = mixing.heads(attention.project(normed, at)); // [B, H, T, d]
            Tensor attended = x.add(attention.join(heads)); // [B, T, D]
            return work.promote(attended.add(mlp.apply(between.apply(attended))));
        }
    }

    /** The same from block to block: where kernels serve, the last addition is left to the next norm. */
    ResidualStream apply(ResidualStream input, Positions at, Mixing mixing, Tape tape) {
        try (Scope work = Scope.open()) {
            ResidualStream output = fuses(input.base(), tape)
                    ? fused(input, at, mixing, tape)
                    : ResidualStream.of(apply(input.sum(), at, mixing, tape));
            return output.promoted(work);
        }
    }

    private boolean fuses(Tensor x, Tape tape) {
        return before.fuses(x, tape) && between.fuses(x, tape);
    }

    /** With kernels for what is not a product of matrices. The norms cut the stream as {@link Tape#cut} does. */
    private ResidualStream fused(ResidualStream input, Positions at, Mixing mixing, Tape tape) {
        FusedOps.Normed x = before.fused(input, tape);
        Tensor heads = mixing.heads(attention.projectTogether(x.normed(), x.aside(), at, tape)); // [B, H, T, d]
        FusedOps.Normed attended = between.fused(new ResidualStream(x.stream(), attention.join(heads)), tape);
        return new ResidualStream(attended.stream(), mlp.fused(attended.normed(), tape));
    }
}
