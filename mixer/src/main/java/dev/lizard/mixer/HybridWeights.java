package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The parameters as the formulas use them.
 *
 * @param memory null without a memory
 * @param gateWeight W_γ [H, D] of the memory's decay log γ = log σ(W_γ x + b), or null for none
 * @param gateBias b [H] or null
 * @param sink one logit a head [H] or null
 * @param share g, b or α, broadcast over [B, H, T, 1]; null without a memory
 * @param score what ranks tokens for exact slots, or null where it is not learned
 * @param rule what else ranks them
 */
record HybridWeights(
        @Nullable LinearBranch memory,
        @Nullable Tensor gateWeight,
        @Nullable Tensor gateBias,
        @Nullable Tensor sink,
        @Nullable Tensor share,
        @Nullable SlotScore score,
        SlotRule rule) {
    /** Without slots. */
    HybridWeights(
            @Nullable LinearBranch memory,
            @Nullable Tensor gateWeight,
            @Nullable Tensor gateBias,
            @Nullable Tensor sink,
            @Nullable Tensor share) {
        this(memory, gateWeight, gateBias, sink, share, null, SlotRule.LEARNED);
    }

    LinearBranch linear() {
        if (memory == null) {
            throw new IllegalStateException("a mixer without a memory");
        }
        return memory;
    }

    Tensor joined() {
        if (share == null) {
            throw new IllegalStateException("a mixer without a memory");
        }
        return share;
    }

    /** log γ [B, H, T] of x [B, T, D]. */
    @Nullable
    Tensor logGate(Tensor x) {
        return gateWeight == null
                ? null
                : x.linear(gateWeight, gateBias).logSigmoid().transpose(1, 2);
    }

    HybridWeights kept(Scope owner) {
        return new HybridWeights(
                memory == null
                        ? null
                        : new LinearBranch(memory.dims(), copy(memory.queryMap(), owner), copy(memory.keyMap(), owner)),
                optional(gateWeight, owner),
                optional(gateBias, owner),
                optional(sink, owner),
                optional(share, owner),
                score == null ? null : score.kept(owner),
                rule);
    }

    /** Scores [B, G, T] by which the tokens of whole sequences compete, without gradient; null without slots. */
    @Nullable
    Tensor scores(MixerInput in) {
        return scores(in, null);
    }

    /** The same of tokens that go on from {@code state}, which is told of them. */
    @Nullable
    Tensor scores(MixerInput in, @Nullable MixerState state) {
        try (Gradients off = Gradients.off()) {
            return score != null ? score.competing(in) : rule.of(in, state);
        }
    }

    /** What they are computed in; null where that is not said. */
    @Nullable
    DType dtype() {
        Tensor some = share != null ? share : score != null ? score.inWeight() : sink;
        return some == null ? null : some.dtype();
    }

    private static Tensor copy(Tensor tensor, Scope owner) {
        return owner.adopt(tensor.copy());
    }

    private static @Nullable Tensor optional(@Nullable Tensor tensor, Scope owner) {
        return tensor == null ? null : copy(tensor, owner);
    }
}
