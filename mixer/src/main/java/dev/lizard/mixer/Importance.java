package dev.lizard.mixer;

import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a mixer expects of tokens, and what softmax attention to all of them makes of them later: for key j of a key/value
 * head, over the head's group of query heads h and all t ≥ j + w,
 *
 * <pre>
 *   target_j = log(max_{h, t} p_htj + ε)        p_htj = softmax_{j ≤ t}(q_t·k_j / √d)        ε = 10⁻⁴
 * </pre>
 *
 * <p>Queries are taken in stretches, whose rows are whole, so one pass knows their normalisers and no T × T is held.
 *
 * @param scores with gradients to what makes them [B, G, n]
 * @param target of the same tokens, those that leave the window within the sequence [B, G, n]
 */
public record Importance(Tensor scores, Tensor target) {
    /** Queries whose probabilities are held at once. */
    private static final long STRETCH = 128;

    private static final double EPSILON = 1e-4;

    /** Of whole sequences, {@code wide} being the same as {@code in}; empty without a learned score. */
    static Optional<Importance> of(
            MixerInput in, MixerInput wide, @Nullable SlotScore score, KeyRing ring, Scope scope) {
        if (score == null) {
            return Optional.empty();
        }
        Tensor scores = score.of(wide).narrow(2, ring.first(), in.tokens() - ring.slots());
        return Optional.of(new Importance(scope.promote(scores), scope.promote(target(in, ring))));
    }

    /** Targets [B, G, T − w − m] of tokens from m on, in float32 or float64. */
    static Tensor target(MixerInput in, KeyRing ring) {
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor fused = SlotFunction.most(in, ring);
            Tensor most = fused == null ? most(in.widened(), ring) : fused;
            return scope.promote(most.narrow(2, ring.first(), in.tokens() - ring.slots())
                    .add(EPSILON)
                    .log());
        }
    }

    /** The largest p of each key [B, G, T]. */
    private static Tensor most(MixerInput in, KeyRing ring) {
        try (Scope scope = Scope.open()) {
            Tensor q = in.at().turn(in.q());
            Tensor k = in.at().turn(in.k());
            long tokens = in.tokens();
            Tensor most = Tensors.zeros(k.dtype(), k.device(), k.size(0), k.size(1), tokens);
            for (long from = ring.slots(); from < tokens; from += STRETCH) { // earlier ones have no key to look at
                try (Scope work = Scope.open()) {
                    long count = Math.min(STRETCH, tokens - from);
                    Tensor row = Tensors.arange(from, from + count, k.device()).unsqueeze(-1);
                    Tensor column = Tensors.arange(0, from + count, k.device()).unsqueeze(0);
                    Tensor p = ExactSlots.products(q.narrow(2, from, count), k.narrow(2, 0, from + count))
                            .maskedFill(row.lt(column), Double.NEGATIVE_INFINITY)
                            .softmax(-1)
                            .maskedFill(row.sub((long) ring.window()).lt(column), 0); // [B, G, R, C, S]
                    Tensor best = p.amax(3, false).amax(2, false);
                    Tensor known = most.narrow(2, 0, from + count);
                    known.copy_(known.maximum(best));
                }
            }
            return scope.promote(most);
        }
    }
}
