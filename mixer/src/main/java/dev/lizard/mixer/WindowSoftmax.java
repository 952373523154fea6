package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * Softmax over the last w tokens, left undivided so that another branch can join its normaliser.
 *
 * <p>For query i and the keys j of its window (i − w < j ≤ i), with s_ij = q_i·k_j / √d and the row maximum m_i over the
 * window's scores and the sink logit:
 *
 * <pre>
 *   numerator_i = Σ_j exp(s_ij − m_i) v_j       mass_i = Σ_j exp(s_ij − m_i) + exp(sink − m_i)
 * </pre>
 *
 * <p>A sink (meta memory, "Lizard" section 3.1) takes part in the normaliser only. Several sink logits enter as one, by
 * log-sum-exp. Subtracting the maximum cancels in numerator / mass; next to another branch it does not, and is then part
 * of that model's definition, so all forms take it over the same set.
 */
final class WindowSoftmax {
    /** Undivided parts: numerator [B, H, T, d], mass [B, H, T, 1]. */
    record Part(Tensor numerator, Tensor mass) {
        Tensor divided() {
            return numerator.div(mass);
        }
    }

    private WindowSoftmax() {}

    /**
     * All pairs.
     *
     * @param q [B, H, T, d], the last T of S tokens
     * @param k [B, G, S, d]
     * @param v [B, G, S, e]
     * @param window w, or a number ≥ S for no window
     * @param sink logit a head [H], or null for none
     */
    static Part parallel(Tensor q, Tensor k, Tensor v, long window, @Nullable Tensor sink) {
        long tokens = q.size(2);
        long past = k.size(2) - tokens;
        Tensor row = Tensors.arange(past, past + tokens, q.device()).unsqueeze(-1);
        Tensor column = Tensors.arange(0, past + tokens, q.device()).unsqueeze(0);
        Tensor hidden = row.lt(column).logicalOr(column.le(row.sub((double) window))); // [T, S]
        return attend(q, k, v, hidden, sink);
    }

    /** Scores of q [B, H, T, d] with k [B, G, S, d]; {@code hidden} [T, S] is true where a key is not seen. */
    private static Part attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor hidden, @Nullable Tensor sink) {
        long batch = q.size(0);
        long keyHeads = k.size(1);
        long group = q.size(1) / keyHeads;
        long tokens = q.size(2);
        Tensor scores = q.reshape(batch, keyHeads, group * tokens, q.size(3))
                .matmul(k.transpose(-1, -2))
                .mul(1 / Math.sqrt((double) q.size(3)))
                .view(batch, keyHeads, group, tokens, k.size(2)); // [B, G, R, T, S]
        Weights weights = weigh(scores, hidden, sink == null ? null : sink.view(1, keyHeads, group, 1, 1));
        Tensor numerator =
                weights.exp.view(batch, keyHeads, group * tokens, k.size(2)).matmul(v);
        return new Part(
                numerator.view(batch, q.size(1), tokens, v.size(3)), weights.mass.view(batch, q.size(1), tokens, 1));
    }

    /** Unnormalised weights exp(s − m) and their sum over the last axis, sinks included. */
    private record Weights(Tensor exp, Tensor mass) {}

    private static Weights weigh(Tensor scores, @Nullable Tensor hidden, @Nullable Tensor sinks) {
        Tensor seen = hidden == null ? scores : scores.maskedFill(hidden, Double.NEGATIVE_INFINITY);
        Tensor maximum = seen.amax(-1, true);
        if (sinks == null) {
            Tensor exp = seen.sub(maximum).exp();
            return new Weights(exp, exp.sum(-1, true));
        }
        Tensor top = maximum.maximum(sinks);
        Tensor exp = seen.sub(top).exp();
        return new Weights(exp, exp.sum(-1, true).add(sinks.sub(top).exp()));
    }

    /**
     * Blocks of w queries, each over its own and the previous block of keys: O(T w). Arguments as for
     * {@link #parallel}; S − T earlier tokens may be fewer than w.
     */
    static Part banded(Tensor q, Tensor k, Tensor v, long window, @Nullable Tensor sink) {
        long tokens = q.size(2);
        long past = k.size(2) - tokens;
        if (tokens <= window || k.size(2) <= 2 * window) {
            return parallel(q, k, v, window, sink);
        }
        // Align so that exactly w tokens, real or empty, precede the first query, and the last block is whole.
        long before = window - past;
        if (before < 0) {
            return banded(
                    q, k.narrow(2, -before, window + tokens), v.narrow(2, -before, window + tokens), window, sink);
        }
        long blocks = (tokens + window - 1) / window;
        long after = blocks * window - tokens;
        Tensor kb = blocks(k.pad(0, 0, 0, before, after), window); // [B, G, N, 2w, d]
        Tensor vb = blocks(v.pad(0, 0, 0, before, after), window);
        long keyHeads = k.size(1);
        long group = q.size(1) / keyHeads;
        Tensor qb = q.pad(0, 0, 0, 0, after)
                .reshape(q.size(0), keyHeads, group, blocks, window, q.size(3))
                .transpose(2, 3); // [B, G, N, R, w, d]
        Tensor scores = qb.reshape(q.size(0), keyHeads, blocks, group * window, q.size(3))
                .matmul(kb.transpose(-1, -2))
                .mul(1 / Math.sqrt((double) q.size(3)))
                .reshape(q.size(0), keyHeads, blocks, group, window, 2 * window); // [B, G, N, R, w, 2w]
        Weights weights = weigh(
                scores,
                hiddenInBlock(window, blocks, before, q.device()),
                sink == null ? null : sink.view(1, keyHeads, 1, group, 1, 1));
        Tensor numerator = weights.exp
                .reshape(q.size(0), keyHeads, blocks, group * window, 2 * window)
                .matmul(vb)
                .reshape(q.size(0), keyHeads, blocks, group, window, v.size(3));
        return new Part(unblocked(numerator, tokens), unblocked(weights.mass, tokens));
    }

    /** [B, G, (N + 1) w, d] to overlapping pairs of blocks [B, G, N, 2w, d]. */
    private static Tensor blocks(Tensor x, long window) {
        return x.unfold(2, 2 * window, window).transpose(-1, -2);
    }

    /** [B, G, N, R, w, e] to [B, H, T, e]. */
    private static Tensor unblocked(Tensor x, long tokens) {
        return x.transpose(2, 3)
                .reshape(x.size(0), x.size(1) * x.size(3), x.size(2) * x.size(4), x.size(5))
                .narrow(2, 0, tokens);
    }

    /** Which of a block's 2w keys a query does not see: outside its window, or one of {@code before} empty ones. */
    private static Tensor hiddenInBlock(long window, long blocks, long before, Device device) {
        Tensor row = Tensors.arange(window, 2 * window, device).unsqueeze(-1);
        Tensor column = Tensors.arange(0, 2 * window, device).unsqueeze(0);
        Tensor outside = row.lt(column).logicalOr(column.le(row.sub((double) window))); // [w, 2w]
        Tensor block = Tensors.arange(0, blocks, device).mul((double) window).view(blocks, 1, 1);
        Tensor empty = block.add(column).lt((double) before); // [N, 1, 2w]
        return outside.logicalOr(empty).view(1, 1, blocks, 1, window, 2 * window);
    }

    /** One query [B, H, 1, d] over the keys of its window in any order [B, G, n, d]. */
    static Part step(Tensor q, Tensor k, Tensor v, @Nullable Tensor sink) {
        return attend(q, k, v, null, sink);
    }
}
