package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The recurrence that half of the field shares, in its three forms: a matrix M [f, e] a head that decays and is written
 * by outer products.
 *
 * <pre>
 *   M_t = G_t ∘ M_{t−1} + k_tᵀ v_t          o_t = q_t M_t
 * </pre>
 *
 * <p>The decay G_t = exp(g_t) is absent, one number a head (g [B, H, T]) or one a row of M (g [B, H, T, f]). A mixer
 * that divides by a running normaliser appends a column of ones to v; its row sums then come along.
 *
 * <p><b>Numerics.</b> The textbook way folds exp(Σg) into q and exp(−Σg) into k over the whole sequence. The second
 * factor overflows float32 after 128 tokens at a gate of 0.5. Here every exponent is a difference
 * Σ_{j < l ≤ i} g_l ≤ 0, formed before exp, inside a chunk or between chunk borders: nothing can overflow, and what
 * underflows is truly forgotten. For one gate a head that difference is a [C, C] table; for gates by row it is
 * [C, C, f], so chunks are then short. Log-gates are clamped at {@link #floor}, since −∞ has no differences; e⁻³⁰ is
 * below what float32 can add to the newest token. Sums of one gate a head cost little and are formed in float64.
 *
 * <p><b>Between chunks</b> no loop is needed: the state that enters chunk n is Σ_{m<n} exp(a_n − a_m) U_m, with U_m
 * what chunk m writes and a the running sum at chunk borders. That is one small product with an [N + 1, N] table. Spans
 * of {@value #SPAN} chunks are chained by their state, so time and memory are linear in T.
 */
final class MatrixMemory {
    /** Chunk length with one gate a head or none. */
    static final int CHUNK = 64;
    /** Chunk length with gates by row. */
    static final int ROW_CHUNK = 16;
    /** Chunks handled at once. */
    static final int SPAN = 64;

    /** Outputs [B, H, T, e] and the memory [B, H, f, e] after the last token. */
    record Result(Tensor y, Tensor memory) {}

    private MatrixMemory() {}

    /** Lowest log-gate that is told from 0. */
    static double floor(DType dtype) {
        return dtype == DType.FLOAT64 ? -80 : -30;
    }

    private static @Nullable Tensor clamp(@Nullable Tensor logDecay) {
        return logDecay == null ? null : logDecay.clampMin(floor(logDecay.dtype()));
    }

    /**
     * All pairs: {@code ((q kᵀ) ∘ L) v} with L_ij = exp(Σ_{j<l≤i} g_l) for i ≥ j.
     *
     * @param documents those that are kept apart, or null
     */
    static Tensor parallel(Tensor q, Tensor k, Tensor v, @Nullable Tensor logDecay, @Nullable Documents documents) {
        try (Scope scope = Scope.open()) {
            Tensor g = clamp(logDecay);
            Tensor strangers = documents == null ? null : documents.strangers();
            return scope.promote(scores(q, k, g == null ? null : g.to(DType.FLOAT64), strangers)
                    .matmul(v)); // [B, H, T, e]
        }
    }

    /** Weights of all pairs in the last two axes, zero above the diagonal. Any number of leading axes. */
    private static Tensor scores(Tensor q, Tensor k, @Nullable Tensor g, @Nullable Tensor strangers) {
        Tensor later = above(q.size(-2), q.device());
        Tensor above = strangers == null ? later : later.logicalOr(strangers);
        if (g == null) {
            return q.matmul(k.transpose(-1, -2)).maskedFill(above, 0);
        }
        if (g.rank() < q.rank()) {
            Tensor sum = g.cumsum(-1); // [.., C]
            Tensor difference = sum.unsqueeze(-1).sub(sum.unsqueeze(-2)).to(q.dtype()); // [.., C, C]
            Tensor decay =
                    difference.maskedFill(above, Double.NEGATIVE_INFINITY).exp();
            return q.matmul(k.transpose(-1, -2)).mul(decay);
        }
        Tensor sum = g.cumsum(-2); // [.., C, f]
        Tensor difference = sum.unsqueeze(-2).sub(sum.unsqueeze(-3)).to(q.dtype()); // [.., C, C, f]
        Tensor decay = difference
                .maskedFill(above.unsqueeze(-1), Double.NEGATIVE_INFINITY)
                .exp();
        return decay.mul(q.unsqueeze(-2)).mul(k.unsqueeze(-3)).sum(-1, false); // [.., C, C]
    }

    /** True where column > row: [n, n]. */
    static Tensor above(long n, Device device) {
        Tensor index = Tensors.arange(0, n, device);
        return index.unsqueeze(-1).lt(index.unsqueeze(0));
    }

    /** Chunkwise from {@code memory}, which is not changed. */
    static Result chunk(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor logDecay, Tensor memory, @Nullable Documents documents) {
        boolean byRow = logDecay != null && logDecay.rank() == q.rank();
        return chunk(q, k, v, logDecay, memory, documents, byRow ? ROW_CHUNK : CHUNK);
    }

    /** Documents that are kept apart begin with an empty memory. */
    static Result chunk(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor logDecay,
            Tensor memory,
            @Nullable Documents documents,
            int size) {
        boolean table = documents != null && logDecay == null; // what is carried is then said pair by pair
        Tensor g = table ? Tensors.zeros(q.dtype(), q.device(), q.size(0), 1, q.size(2)) : clamp(logDecay);
        long tokens = q.size(2);
        long span = (long) size * SPAN;
        List<Tensor> parts = new ArrayList<>();
        Tensor state = memory;
        for (long from = 0; from < tokens; from += span) {
            long length = Math.min(span, tokens - from);
            try (Scope scope = Scope.open()) {
                Result part = span(
                        q.narrow(2, from, length),
                        k.narrow(2, from, length),
                        v.narrow(2, from, length),
                        g == null ? null : g.narrow(2, from, length),
                        state,
                        documents == null ? null : documents.chunks(from, length, (int) Math.min(size, length)),
                        size);
                parts.add(scope.promote(part.y));
                state = scope.promote(part.memory);
            }
        }
        return new Result(parts.size() == 1 ? parts.getFirst() : Tensors.cat(parts, 2), state);
    }

    private static Result span(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor g,
            Tensor memory,
            Documents.@Nullable Chunks apart,
            int size) {
        long tokens = q.size(2);
        int chunk = (int) Math.min(size, tokens);
        Tensor qs = chunked(q, chunk); // [B, H, N, C, f]
        Tensor ks = chunked(k, chunk);
        Tensor vs = chunked(v, chunk); // [B, H, N, C, e]
        if (g == null) {
            Tensor updates = ks.transpose(-1, -2).matmul(vs); // [B, H, N, f, e]
            return combined(scores(qs, ks, null, null), qs, vs, accumulate(updates, memory), tokens);
        }
        DType dtype = q.dtype();
        boolean byRow = g.rank() == q.rank();
        Tensor gs = chunked(byRow ? g : g.unsqueeze(-1).to(DType.FLOAT64), chunk); // [B, H, N, C, f | 1]
        Tensor sum = gs.cumsum(-2); // [B, H, N, C, f | 1]
        Tensor total = sum.narrow(-2, chunk - 1, 1); // [B, H, N, 1, f | 1]
        Tensor read = qs.mul(sum.exp().to(dtype)); // from the chunk's start to i
        Tensor write = ks.mul(total.sub(sum).exp().to(dtype)); // from j to the chunk's end
        Tensor pairs = null;
        if (apart != null) {
            pairs = apart.pairs();
            read = read.maskedFill(apart.reads(), 0);
            write = write.maskedFill(apart.writes(), 0);
        }
        Tensor updates = write.transpose(-1, -2).matmul(vs); // [B, H, N, f, e]
        Tensor states = carry(updates, total.squeeze(-2), memory, apart); // [B, H, N + 1, f, e]
        return combined(scores(qs, ks, byRow ? gs : gs.squeeze(-1), pairs), read, vs, states, tokens);
    }

    /** What is read within the chunk, and from the state that entered it. */
    private static Result combined(Tensor scores, Tensor read, Tensor v, Tensor states, long tokens) {
        long chunks = v.size(2);
        Tensor y = scores.matmul(v).add(read.matmul(states.narrow(2, 0, chunks))); // [B, H, N, C, e]
        Tensor flat = y.view(v.size(0), v.size(1), chunks * v.size(3), v.size(4));
        return new Result(flat.narrow(2, 0, tokens), states.select(2, chunks));
    }

    /** [.., T, n] to [.., N, C, n], padded with zeros: padding neither writes nor decays. */
    static Tensor chunked(Tensor x, int chunk) {
        int rank = x.rank();
        long missing = Math.floorMod(-x.size(-2), (long) chunk);
        Tensor padded = missing == 0 ? x : x.pad(0, 0, 0, 0, missing);
        long[] shape = new long[rank + 1];
        System.arraycopy(x.shape(), 0, shape, 0, rank - 2);
        shape[rank - 2] = padded.size(-2) / chunk;
        shape[rank - 1] = chunk;
        shape[rank] = x.size(-1);
        return padded.reshape(shape);
    }

    /** States before each chunk and after the last, without decay: [B, H, N + 1, f, e]. */
    private static Tensor accumulate(Tensor updates, Tensor memory) {
        return Tensors.cat(2, memory.unsqueeze(2), updates).cumsum(2);
    }

    /**
     * The same with decay; {@code totals} [B, H, N, f | 1] is each chunk's whole log-decay. Sums over many chunks are
     * formed in float64 because differences of them must stay exact.
     */
    private static Tensor carry(Tensor updates, Tensor totals, Tensor memory, Documents.@Nullable Chunks apart) {
        long chunks = updates.size(2);
        DType dtype = updates.dtype();
        Tensor border = totals.to(DType.FLOAT64).cumsum(2).pad(0, 0, 0, 1, 0).transpose(-1, -2); // [B, H, f | 1, N + 1]
        Tensor difference =
                border.unsqueeze(-1).sub(border.narrow(-1, 1, chunks).unsqueeze(-2)); // [.., N + 1, N]
        Tensor index = Tensors.arange(0, chunks + 1, updates.device());
        Tensor early = index.unsqueeze(-1).lt(index.narrow(0, 1, chunks).unsqueeze(0)); // row n reads updates m < n
        Tensor unseen = apart == null ? early : early.logicalOr(apart.carried());
        Tensor weights =
                difference.maskedFill(unseen, Double.NEGATIVE_INFINITY).exp().to(dtype);
        Tensor written;
        if (totals.size(-1) == 1) {
            written = weights.squeeze(2)
                    .matmul(updates.view(updates.size(0), updates.size(1), chunks, -1))
                    .view(updates.size(0), updates.size(1), chunks + 1, updates.size(3), updates.size(4));
        } else {
            written = weights.matmul(updates.transpose(2, 3)).transpose(2, 3); // [B, H, N + 1, f, e]
        }
        Tensor rest = apart == null ? border : border.maskedFill(apart.kept(), Double.NEGATIVE_INFINITY);
        Tensor kept = rest.exp().to(dtype).transpose(-1, -2).unsqueeze(-1); // [B, H, N + 1, f | 1, 1]
        return written.add(kept.mul(memory.unsqueeze(2)));
    }

    /**
     * One token, without gradients: updates {@code memory} [B, H, f, e] in place and reads it.
     *
     * @param q [B, H, 1, f]
     * @param k [B, H, 1, f]
     * @param v [B, G, 1, e]: heads of a group may share their value
     * @param logDecay [B, H, 1], [B, H, 1, f] or null
     */
    static Tensor step(Tensor q, Tensor k, Tensor v, @Nullable Tensor logDecay, Tensor memory) {
        if (logDecay != null) {
            Tensor gate = logDecay.exp();
            memory.mul_(gate.rank() == 4 ? gate.transpose(-1, -2) : gate.unsqueeze(-1));
        }
        long groups = v.size(0) * v.size(1);
        long rows = k.count() / groups; // the rows of a group's matrices stand below one another
        memory.view(groups, rows, v.size(3)).baddbmm_(k.reshape(groups, rows, 1), v.reshape(groups, 1, v.size(3)));
        return q.matmul(memory); // [B, H, 1, e]
    }

    /** Reads without writing or decaying: q [B, H, 1, f] to [B, H, 1, e]. */
    static Tensor read(Tensor q, Tensor memory) {
        return q.matmul(memory);
    }
}
