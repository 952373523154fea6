package dev.lizard.model;

import dev.lizard.tensor.Tensor;

/** The gated MLP (SwiGLU, Shazeer 2020): {@code down(silu(gate x) ∘ up x)}. */
record Mlp(Linear gate, Linear up, Linear down) {
    Tensor apply(Tensor x) {
        return down.apply(gate.apply(x).silu().mul(up.apply(x))); // [B, T, D]
    }
}
