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
 * [C, C, f], so chunks are then short. Gates are clamped at {@link #floor} so that sums of them stay exact; e⁻³⁰ is
 * beyond float32's resolution of the newest token.
 *
 * <p><b>Between chunks</b> no loop is needed: the state that enters chunk n is Σ_{m<n} exp(a_n − a_m) U_m, with U_m what
 * chunk m writes and a the running sum at chunk borders. That is one small product with an [N + 1, N] table. Spans of
 * {@value #SPAN} chunks are chained by their state, so time and memory are linear in T.
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

    static Tensor zero(long batch, long heads, long features, long width, DType dtype, Device device) {
        return Tensors.zeros(dtype, device, batch, heads, features, width);
    }

    /** Lowest log-gate that is told from 0. */
    static double floor(DType dtype) {
        return dtype == DType.FLOAT64 ? -80 : -30;
    }

    private static @Nullable Tensor clamp(@Nullable Tensor logDecay) {
        return logDecay == null ? null : logDecay.clampMin(floor(logDecay.dtype()));
    }

    /** All pairs: {@code ((q kᵀ) ∘ L) v} with L_ij = exp(Σ_{j<l≤i} g_l) for i ≥ j. */
    static Tensor parallel(Tensor q, Tensor k, Tensor v, @Nullable Tensor logDecay) {
        Tensor g = clamp(logDecay);
        return scores(q, k, g == null ? null : g.to(DType.FLOAT64)).matmul(v); // [B, H, T, e]
    }

    /** Weights of all pairs in the last two axes, zero above the diagonal. Any number of leading axes. */
    private static Tensor scores(Tensor q, Tensor k, @Nullable Tensor g) {
        Tensor above = above(q.size(-2), 0, q.device());
        if (g == null) {
            return q.matmul(k.transpose(-1, -2)).maskedFill(above, 0);
        }
        if (g.rank() < q.rank()) {
            Tensor sum = g.cumsum(-1); // [.., C]
            Tensor difference = sum.unsqueeze(-1).sub(sum.unsqueeze(-2)); // [.., C, C]
            Tensor decay =
                    difference.maskedFill(above, Double.NEGATIVE_INFINITY).exp().to(q.dtype());
            return q.matmul(k.transpose(-1, -2)).mul(decay);
        }
        Tensor sum = g.cumsum(-2); // [.., C, f]
        Tensor difference = sum.unsqueeze(-2).sub(sum.unsqueeze(-3)); // [.., C, C, f]
        Tensor decay = difference
                .maskedFill(above.unsqueeze(-1), Double.NEGATIVE_INFINITY)
                .exp()
                .to(q.dtype());
        return decay.mul(q.unsqueeze(-2)).mul(k.unsqueeze(-3)).sum(-1, false); // [.., C, C]
    }

    /** True where column − row > {@code diagonal}: [n, n]. */
    private static Tensor above(long n, long diagonal, Device device) {
        Tensor index = Tensors.arange(0, n, device);
        return index.unsqueeze(-1).add((double) diagonal).lt(index.unsqueeze(0));
    }

    /** Chunkwise from {@code memory}, which is not changed. */
    static Result chunk(Tensor q, Tensor k, Tensor v, @Nullable Tensor logDecay, Tensor memory) {
        boolean byRow = logDecay != null && logDecay.rank() == q.rank();
        return chunk(q, k, v, logDecay, memory, byRow ? ROW_CHUNK : CHUNK);
    }

    static Result chunk(Tensor q, Tensor k, Tensor v, @Nullable Tensor logDecay, Tensor memory, int size) {
        Tensor g = clamp(logDecay);
        long tokens = q.size(2);
        long span = (long) size * SPAN;
        List<Tensor> parts = new ArrayList<>();
        Tensor state = memory;
        for (long from = 0; from < tokens; from += span) {
            long length = Math.min(span, tokens - from);
            Result part = span(
                    q.narrow(2, from, length),
                    k.narrow(2, from, length),
                    v.narrow(2, from, length),
                    g == null ? null : g.narrow(2, from, length),
                    state,
                    size);
            parts.add(part.y);
            state = part.memory;
        }
        return new Result(parts.size() == 1 ? parts.getFirst() : Tensors.cat(parts, 2), state);
    }

    private static Result span(Tensor q, Tensor k, Tensor v, @Nullable Tensor g, Tensor memory, int size) {
        long tokens = q.size(2);
        int chunk = (int) Math.min(size, tokens);
        Tensor qs = chunked(q, chunk); // [B, H, N, C, f]
        Tensor ks = chunked(k, chunk);
        Tensor vs = chunked(v, chunk); // [B, H, N, C, e]
        Tensor gs =
                g == null ? null : chunked(g.rank() == q.rank() ? g : g.unsqueeze(-1), chunk); // [B, H, N, C, f | 1]
        boolean perHead = g != null && g.rank() < q.rank();
        Tensor within = scores(qs, ks, gs == null ? null : perHead ? gs.squeeze(-1) : gs)
                .matmul(vs);
        Tensor read = qs;
        Tensor write = ks;
        if (gs != null) {
            Tensor sum = gs.cumsum(-2); // [B, H, N, C, f | 1]
            read = qs.mul(sum.exp());
            write = ks.mul(sum.narrow(-2, chunk - 1, 1).sub(sum).exp());
        }
        Tensor updates = write.transpose(-1, -2).matmul(vs); // [B, H, N, f, e]
        Tensor states = gs == null ? accumulate(updates, memory) : carry(updates, gs.sum(-2, false), memory);
        long chunks = updates.size(2);
        Tensor across = read.matmul(states.narrow(2, 0, chunks)); // [B, H, N, C, e]
        Tensor y = within.add(across).reshape(v.size(0), v.size(1), chunks * chunk, v.size(3));
        return new Result(y.narrow(2, 0, tokens), states.select(2, chunks));
    }

    /** [B, H, T, n] to [B, H, N, C, n], padded with zeros: padding neither writes nor decays. */
    private static Tensor chunked(Tensor x, int chunk) {
        long missing = Math.floorMod(-x.size(2), (long) chunk);
        Tensor padded = missing == 0 ? x : x.pad(0, 0, 0, 0, missing);
        return padded.reshape(x.size(0), x.size(1), padded.size(2) / chunk, chunk, x.size(3));
    }

    /** States before each chunk and after the last, without decay: [B, H, N + 1, f, e]. */
    private static Tensor accumulate(Tensor updates, Tensor memory) {
        return Tensors.cat(2, memory.unsqueeze(2), updates).cumsum(2);
    }

    /**
     * The same with decay; {@code totals} [B, H, N, f | 1] is each chunk's whole log-decay. Sums over many chunks are
     * formed in float64 because differences of them must stay exact.
     */
    private static Tensor carry(Tensor updates, Tensor totals, Tensor memory) {
        long chunks = updates.size(2);
        DType dtype = updates.dtype();
        Tensor border = totals.to(DType.FLOAT64).cumsum(2).pad(0, 0, 0, 1, 0).transpose(-1, -2); // [B, H, f | 1, N + 1]
        Tensor difference =
                border.unsqueeze(-1).sub(border.narrow(-1, 1, chunks).unsqueeze(-2)); // [.., N + 1, N]
        Tensor index = Tensors.arange(0, chunks + 1, updates.device());
        Tensor early = index.unsqueeze(-1).lt(index.narrow(0, 1, chunks).unsqueeze(0)); // row n reads updates m < n
        Tensor weights =
                difference.maskedFill(early, Double.NEGATIVE_INFINITY).exp().to(dtype);
        Tensor rows = updates.transpose(2, 3); // [B, H, f, N, e]
        Tensor written;
        if (totals.size(-1) == 1) {
            long flat = updates.size(3) * updates.size(4);
            written = weights.squeeze(2)
                    .matmul(updates.reshape(updates.size(0), updates.size(1), chunks, flat))
                    .reshape(updates.size(0), updates.size(1), chunks + 1, updates.size(3), updates.size(4));
        } else {
            written = weights.matmul(rows).transpose(2, 3); // [B, H, N + 1, f, e]
        }
        Tensor kept = border.exp().to(dtype).transpose(-1, -2).unsqueeze(-1); // [B, H, N + 1, f | 1, 1]
        return written.add(kept.mul(memory.unsqueeze(2)));
    }

    /** One token: updates {@code memory} in place and reads it. q, k [B, H, 1, f], v [B, H, 1, e], g [B, H, 1(, f)]. */
    static Tensor step(Tensor q, Tensor k, Tensor v, @Nullable Tensor logDecay, Tensor memory) {
        try (Scope scope = Scope.open()) {
            Tensor g = clamp(logDecay);
            if (g != null) {
                Tensor gate = g.exp();
                memory.mul_(gate.rank() == 4 ? gate.transpose(-1, -2) : gate.unsqueeze(-1));
            }
            long rows = memory.size(0) * memory.size(1);
            long features = memory.size(2);
            long width = memory.size(3);
            Tensor flat = memory.view(rows, features, width);
            flat.baddbmm_(k.reshape(rows, features, 1), v.reshape(rows, 1, width));
            Tensor y = q.reshape(rows, 1, features).matmul(flat);
            return scope.promote(y.view(memory.size(0), memory.size(1), 1, width));
        }
    }

    /** Reads without writing or decaying: q [B, H, 1, f] to [B, H, 1, e]. */
    static Tensor read(Tensor q, Tensor memory) {
        return q.matmul(memory);
    }
}
