package dev.lizard.model;

import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.FusedOps;

/** The gated MLP (SwiGLU, Shazeer 2020): {@code down(silu(gate x) ∘ up x)}. */
record Mlp(Linear gate, Linear up, Linear down) {
    /** The same with {@linkplain Linear#frozen frozen} projections. */
    Mlp frozen(Scope owner) {
        return new Mlp(gate.frozen(owner), up.frozen(owner), down.frozen(owner));
    }

    Tensor apply(Tensor x) {
        return down.apply(gate.apply(x).silu().mul(up.apply(x))); // [B, T, D]
    }

    /** The same with one product for both projections and one kernel for the gate, where it serves F. */
    Tensor fused(Tensor x, Tape tape) {
        if (!FusedOps.serve(x.dtype(), gate.outputs(), x.device())) {
            return apply(x);
        }
        Tensor both = gate.plain() && up.plain()
                ? x.linear(Tensors.cat(0, gate.weight().use(), up.weight().use()), null)
                : Tensors.cat(-1, gate.apply(x), up.apply(x)); // [B, T, 2 F]
        return down.apply(FusedOps.gate(both, tape));
    }
}
