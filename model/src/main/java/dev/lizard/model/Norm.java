package dev.lizard.model;

import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.FusedOps;

/** Root-mean-square norm (Zhang and Sennrich 2019) over the last axis. */
record Norm(Weight weight, double epsilon) {
    Tensor apply(Tensor x) {
        return x.rmsNorm(weight.use(), epsilon);
    }

    /** Whether {@link #fused} can be had for x [B, T, D]. A kernel's launch is not worth it for single tokens. */
    boolean fuses(Tensor x, Tape tape) {
        return x.size(1) > 1 && !weight.tensor().requiresGrad() && FusedOps.serve(x, tape);
    }

    /** The stream's sum, cut from its graph, and its norm. */
    FusedOps.Normed fused(ResidualStream x, Tape tape) {
        return x.addend() == null
                ? FusedOps.norm(x.base(), weight.use(), epsilon, tape)
                : FusedOps.norm(x.base(), x.addend(), weight.use(), epsilon, tape);
    }
}
