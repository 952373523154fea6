package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Softmax over the last w tokens and perhaps the first m, left undivided so that another branch can join its normaliser.
 *
 * <p>For query i and the keys j that it sees (i − w < j ≤ i, or j < m), with s_ij = q_i·k_j / √d and the row maximum m_i over
 * the window's scores and the sink logit:
 *
 * <pre>
 *   numerator_i = Σ_j exp(s_ij − m_i) v_j       mass_i = Σ_j exp(s_ij − m_i) + exp(sink − m_i)
 * </pre>
 *
 * <p>A sink (meta memory, "Lizard" section 3.1) takes part in the normaliser only. Several sink logits enter as one, by
 * log-sum-exp. Subtracting the maximum cancels in numerator / mass; next to another branch it does not, and is then
 * part of that model's definition, so all forms take it over the same set.
 *
 * <p>Heads of a group stand together in the axis R = H / G, since they share keys.
 */
final class WindowSoftmax {
    /** Queries whose scores are held at once. */
    private static final long STRETCH = 512;

    private WindowSoftmax() {}

    /** Unnormalised weights exp(s − m) and their sum over the last axis, sinks included. */
    record Weights(Tensor exp, Tensor mass) {}

    static Weights weigh(Tensor scores, @Nullable Tensor sinks) {
        Tensor maximum = scores.amax(-1, true);
        if (sinks == null) {
            Tensor exp = scores.sub(maximum).exp();
            return new Weights(exp, exp.sum(-1, true));
        }
        Tensor top = maximum.maximum(sinks);
        Tensor exp = scores.sub(top).exp();
        return new Weights(exp, exp.sum(-1, true).add(sinks.sub(top).exp()));
    }

    /**
     * Keys and values of first tokens that are seen from outside the window too.
     *
     * @param keys of tokens 0 to f − 1 [B, G, f, d]
     * @param values likewise
     * @param position of the first query
     */
    record Pinned(Tensor keys, Tensor values, long position) {
        /** Where token j has left the window of the query at {@code from} + t after the first: [T, f]. */
        private Tensor seen(long from, long tokens, long window) {
            Tensor row = Tensors.arange(position + from - window, position + from - window + tokens, keys.device());
            return row.unsqueeze(-1)
                    .ge(Tensors.arange(0, keys.size(2), keys.device()).unsqueeze(0));
        }

        /** Where token j is still, or not yet, in the window of the query at t after the first: [T, f]. */
        private Tensor hidden(long tokens, long window) {
            Tensor row = Tensors.arange(position - window, position - window + tokens, keys.device());
            return row.unsqueeze(-1)
                    .lt(Tensors.arange(0, keys.size(2), keys.device()).unsqueeze(0));
        }
    }

    /**
     * All pairs of whole sequences.
     *
     * @param q [B, H, T, d]
     * @param k [B, G, T, d]
     * @param v [B, G, T, e]
     * @param window w, or a number ≥ T for no window
     * @param first m, tokens that all later ones see
     * @param sink logit a head [H], or null for none
     * @param documents where each token's begins [B, T], or null where none is kept apart
     */
    static PartialAttention parallel(
            Tensor q, Tensor k, Tensor v, long window, long first, @Nullable Tensor sink, @Nullable Tensor documents) {
        long tokens = q.size(2);
        Tensor row = Tensors.arange(0, tokens, q.device()).unsqueeze(-1);
        Tensor column = Tensors.arange(0, tokens, q.device()).unsqueeze(0);
        Tensor left = column.le(row.sub(window)); // the window
        Tensor hidden = row.lt(column).logicalOr(first == 0 ? left : left.logicalAnd(column.ge((double) first)));
        return pairs(q, k, v, apart(hidden, documents), sink);
    }

    /** Hides tokens of other documents too: [T, T], or [B, 1, 1, T, T]. */
    private static Tensor apart(Tensor hidden, @Nullable Tensor documents) {
        Documents own = Documents.of(documents, 0);
        return own == null ? hidden : hidden.logicalOr(own.strangers().unsqueeze(1));
    }

    /** Queries [B, H, T, d] over keys [B, G, S, d] that are not hidden: bool [T, S] or [B, 1, 1, T, S]. */
    static PartialAttention pairs(Tensor q, Tensor k, Tensor v, Tensor hidden, @Nullable Tensor sink) {
        long batch = q.size(0);
        long keyHeads = k.size(1);
        long group = q.size(1) / keyHeads;
        long tokens = q.size(2);
        long all = k.size(2);
        try (Scope scope = Scope.open()) {
            Tensor scores = q.mul(1 / Math.sqrt((double) q.size(3)))
                    .reshape(batch, keyHeads, group * tokens, q.size(3))
                    .matmul(k.transpose(-1, -2))
                    .view(batch, keyHeads, group, tokens, all) // [B, G, R, T, S]
                    .maskedFill(hidden, Double.NEGATIVE_INFINITY);
            Weights weights = weigh(scores, sink == null ? null : sink.view(1, keyHeads, group, 1, 1));
            Tensor numerator =
                    weights.exp.view(batch, keyHeads, group * tokens, all).matmul(v);
            return new PartialAttention(
                    scope.promote(numerator.view(batch, q.size(1), tokens, v.size(3))),
                    scope.promote(weights.mass.view(batch, q.size(1), tokens, 1)));
        }
    }

    /**
     * One query [B, H, 1, d] over n keys in any order [B, G, n, d].
     *
     * @param hidden bool [B | 1, 1, 1, n] of those that it does not see, or null where it sees all
     */
    static PartialAttention step(Tensor q, Tensor k, Tensor v, @Nullable Tensor sink, @Nullable Tensor hidden) {
        long batch = q.size(0);
        long heads = q.size(1);
        long keyHeads = k.size(1);
        long group = heads / keyHeads;
        Tensor scores = q.mul(1 / Math.sqrt((double) q.size(3)))
                .view(batch, keyHeads, group, q.size(3))
                .matmul(k.transpose(-1, -2)); // [B, G, R, n]
        Weights weights = weigh(
                hidden == null ? scores : scores.maskedFill(hidden, Double.NEGATIVE_INFINITY),
                sink == null ? null : sink.view(1, keyHeads, group, 1));
        Tensor numerator = weights.exp.matmul(v); // [B, G, R, e]
        return new PartialAttention(numerator.view(batch, heads, 1, v.size(3)), weights.mass.view(batch, heads, 1, 1));
    }

    /**
     * Blocks of w queries, each over its own and the previous block of keys and over the pinned ones: O(T (w + m)).
     *
     * @param q [B, H, T, d], the last T of S consecutive tokens
     * @param k [B, G, S, d]; S − T earlier tokens may be more or fewer than w
     * @param v [B, G, S, e]
     * @param window w
     * @param pinned first tokens that all see, or null for none
     * @param sink logit a head [H], or null for none
     * @param documents where each token's begins [B, T], or null; only where S = T and nothing is pinned
     */
    static PartialAttention banded(
            Tensor q,
            Tensor k,
            Tensor v,
            long window,
            @Nullable Pinned pinned,
            @Nullable Tensor sink,
            @Nullable Tensor documents) {
        long tokens = q.size(2);
        long past = k.size(2) - tokens;
        if (tokens <= window || k.size(2) <= 2 * window) {
            Tensor outside = outside(past, tokens, window, q.device());
            return pinned == null
                    ? pairs(q, k, v, apart(outside, documents), sink)
                    : pairs(
                            q,
                            Tensors.cat(2, pinned.keys, k),
                            Tensors.cat(2, pinned.values, v),
                            Tensors.cat(1, pinned.hidden(tokens, window), outside),
                            sink);
        }
        long used = Math.min(past, window);
        long before = window - used; // empty places, so that w places precede the first query
        long blocks = (tokens + window - 1) / window;
        long after = blocks * window - tokens; // so that the last block is whole
        try (Scope scope = Scope.open()) {
            Tensor kb = pairs(k.narrow(2, past - used, used + tokens).pad(0, 0, 0, before, after), window);
            Tensor vb = pairs(v.narrow(2, past - used, used + tokens).pad(0, 0, 0, before, after), window);
            Tensor hidden = hiddenInBlock(window, blocks, before, q.device()); // [1 | N, 1, w, 2w]
            if (pinned != null) {
                Tensor early = pinned.hidden(blocks * window, window).view(blocks, 1, window, -1);
                hidden = Tensors.cat(-1, hidden.expand(blocks, 1, window, 2 * window), early);
                kb = Tensors.cat(3, kb, everywhere(pinned.keys, blocks));
                vb = Tensors.cat(3, vb, everywhere(pinned.values, blocks));
            }
            if (documents != null) {
                Tensor strangers = Documents.strangersInBlocks(documents, window, after); // [B, 1, N, 1, w, 2w]
                hidden = strangers.logicalOr(hidden);
            }
            PartialAttention all = inBlocks(q, 0, kb, vb, hidden, sink);
            return new PartialAttention(scope.promote(all.numerator()), scope.promote(all.mass()));
        }
    }

    /**
     * Queries in blocks of w, each over keys of its own.
     *
     * @param q [B, H, T, d], of which the first has {@code before} empty places before it in its block
     * @param kb [B, G, N, n, d]
     * @param vb [B, G, N, n, e]
     * @param hidden keys that a query does not see, to be broadcast over [B, G, N, R, w, n]
     */
    private static PartialAttention inBlocks(
            Tensor q, long before, Tensor kb, Tensor vb, Tensor hidden, @Nullable Tensor sink) {
        long tokens = q.size(2);
        long keyHeads = kb.size(1);
        long group = q.size(1) / keyHeads;
        long blocks = kb.size(2);
        long seen = kb.size(3);
        long window = hidden.size(-2);
        Tensor scores = q.mul(1 / Math.sqrt((double) q.size(3)))
                .pad(0, 0, 0, before, blocks * window - before - tokens)
                .reshape(q.size(0), keyHeads, group, blocks, window, q.size(3))
                .transpose(2, 3) // [B, G, N, R, w, d]
                .reshape(q.size(0), keyHeads, blocks, group * window, q.size(3))
                .matmul(kb.transpose(-1, -2))
                .view(q.size(0), keyHeads, blocks, group, window, seen) // [B, G, N, R, w, n]
                .maskedFill(hidden, Double.NEGATIVE_INFINITY);
        Weights weights = weigh(scores, sink == null ? null : sink.view(1, keyHeads, 1, group, 1, 1));
        Tensor numerator = weights.exp
                .view(q.size(0), keyHeads, blocks, group * window, seen)
                .matmul(vb)
                .view(q.size(0), keyHeads, blocks, group, window, vb.size(4));
        return new PartialAttention(unblocked(numerator, before, tokens), unblocked(weights.mass, before, tokens));
    }

    /**
     * A window that moves block by block: each query sees its own block of w up to itself and the whole block before.
     *
     * @param q [B, H, T, d], of which the first has {@code before} tokens before it in its block
     * @param k keys of whole blocks [B, G, (N + 1) w, d], from the block before the first query's on
     * @param v [B, G, (N + 1) w, e]
     * @param absent whether there is no block before the first query's: what stands there is not seen
     */
    static PartialAttention terraced(Tensor q, Tensor k, Tensor v, long window, long before, boolean absent) {
        Tensor row = Tensors.arange(0, window, q.device()).unsqueeze(-1);
        Tensor column = Tensors.arange(-window, window, q.device()).unsqueeze(0);
        Tensor hidden = row.lt(column).unsqueeze(0); // [1, w, 2w]
        if (absent) {
            Tensor block = Tensors.arange(0, k.size(2) / window - 1, q.device()).view(-1, 1, 1);
            Tensor none = block.mul(window).add(column.unsqueeze(0)).lt(0.0); // [N, 1, 2w]
            hidden = hidden.logicalOr(none);
        }
        return inBlocks(q, before, pairs(k, window), pairs(v, window), hidden.unsqueeze(1), null);
    }

    /**
     * The same divided, without a sink, by libtorch's attention over stretches of queries: for windows of any width, since
     * scores are held of one stretch at a time. Arguments as for {@link #banded}.
     */
    static Tensor attended(
            Tensor q, Tensor k, Tensor v, long window, @Nullable Pinned pinned, @Nullable Tensor documents) {
        long tokens = q.size(2);
        long past = k.size(2) - tokens;
        if (past == 0 && tokens <= window && documents == null) {
            return q.scaledDotProductAttention(k, v, true);
        }
        List<Tensor> stretches = new ArrayList<>();
        for (long from = 0; from < tokens; from += STRETCH) {
            long count = Math.min(STRETCH, tokens - from);
            long first = Math.max(0, past + from - window + 1); // key that the first query sees
            long keys = past + from + count - first;
            Tensor kb = k.narrow(2, first, keys);
            Tensor vb = v.narrow(2, first, keys);
            Tensor seen = seen(past + from - first, count, window, q.device());
            if (pinned != null) {
                kb = Tensors.cat(2, pinned.keys, kb);
                vb = Tensors.cat(2, pinned.values, vb);
                seen = Tensors.cat(1, pinned.seen(from, count, window), seen);
            }
            if (documents != null) {
                seen = Documents.same(documents.narrow(1, from, count), documents.narrow(1, first, keys))
                        .logicalAnd(seen);
            }
            stretches.add(q.narrow(2, from, count).scaledDotProductAttention(kb, vb, seen));
        }
        return Tensors.cat(stretches, 2);
    }

    /** Which of {@code past} + T keys are in the windows of the last T: [T, S]. */
    private static Tensor seen(long past, long tokens, long window, Device device) {
        Tensor row = Tensors.arange(past, past + tokens, device).unsqueeze(-1);
        Tensor column = Tensors.arange(0, past + tokens, device).unsqueeze(0);
        return column.le(row).logicalAnd(row.sub(window).lt(column));
    }

    /** [B, G, (N + 1) w, d] to overlapping pairs of blocks [B, G, N, 2w, d]. */
    private static Tensor pairs(Tensor x, long window) {
        return x.unfold(2, 2 * window, window).transpose(-1, -2);
    }

    /** [B, G, N, R, w, e] to [B, H, T, e], the first {@code before} places left out. */
    private static Tensor unblocked(Tensor x, long before, long tokens) {
        return x.transpose(2, 3)
                .reshape(x.size(0), x.size(1) * x.size(3), x.size(2) * x.size(4), x.size(5))
                .narrow(2, before, tokens);
    }

    /** The same keys [B, G, f, d] for each block: [B, G, N, f, d]. */
    private static Tensor everywhere(Tensor x, long blocks) {
        return x.unsqueeze(2).expand(x.size(0), x.size(1), blocks, x.size(2), x.size(3));
    }

    /** Which of {@code past} + T keys are outside the windows of the last T: [T, S]. */
    private static Tensor outside(long past, long tokens, long window, Device device) {
        Tensor row = Tensors.arange(past, past + tokens, device).unsqueeze(-1);
        Tensor column = Tensors.arange(0, past + tokens, device).unsqueeze(0);
        return row.lt(column).logicalOr(column.le(row.sub(window)));
    }

    /** Which of a block's 2w keys a query does not see: outside its window, or one of {@code before} empty ones. */
    private static Tensor hiddenInBlock(long window, long blocks, long before, Device device) {
        Tensor outside = outside(window, window, window, device); // [w, 2w]
        if (before == 0) {
            return outside;
        }
        Tensor block = Tensors.arange(0, blocks, device).mul(window).view(blocks, 1, 1);
        Tensor column = Tensors.arange(0, 2 * window, device).unsqueeze(0);
        Tensor empty = block.add(column).lt((double) before); // [N, 1, 2w]
        return outside.logicalOr(empty).view(blocks, 1, window, 2 * window);
    }
}
