package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * A matrix M [d, e] whose rows decay each by themselves and from which one direction is taken: a transition that is
 * diagonal plus rank one.
 *
 * <pre>
 *   M_t = diag(w_t) M_{t−1} − p_tᵀ u_t + k_tᵀ v_t      u_t = r_t M_{t−1}      o_t = q_t M_t
 * </pre>
 *
 * <p><b>Chunks.</b> With s the running sum of log w within a chunk, M the memory that enters it and ⟨x, y⟩_ij =
 * Σ_d x_id y_jd exp(s_i − s_j), or exp(s_{i−1} − s_j) with a dash, for j &lt; i:
 *
 * <pre>
 *   (I + ⟨r, p⟩') U = ⟨r, k⟩' V + (r ∘ e^{s_{i−1}}) M
 *   O = (q ∘ e^s) M + ⟨q, k⟩ V − ⟨q, p⟩ U                        j ≤ i
 *   M' = e^{s_C} M + (k ∘ e^{s_C − s})ᵀ V − (p ∘ e^{s_C − s})ᵀ U
 * </pre>
 *
 * U = U₀ + W M with both of one solve for all chunks at once; only what has M in it goes from chunk to chunk. As in
 * {@link MatrixMemory} exponents are differences of sums, at most 0, for which chunks are short.
 *
 * <p>Axes: B batch, G memories, R queries that read one, N chunks, C tokens of one.
 */
final class TransitionMemory {
    /**
     * What the tokens do, in one type.
     *
     * @param q [B, G, R, T, d]
     * @param r what is read before [B, G, T, d]
     * @param p where it is taken from [B, G, T, d]
     * @param k [B, G, T, d]
     * @param v [B, G, T, e]
     * @param logDecay log w [B, G, T, d], finite
     */
    record Terms(Tensor q, Tensor r, Tensor p, Tensor k, Tensor v, Tensor logDecay) {}

    private TransitionMemory() {}

    /** All pairs, from an empty memory: [B, G, R, T, e]. */
    static Tensor parallel(Terms in) {
        Tensor k = in.k;
        Tensor none = Tensors.zeros(k.dtype(), k.device(), k.size(0), k.size(1), k.size(3), in.v.size(3));
        return chunk(in, none, (int) k.size(2)).y();
    }

    /** Chunkwise from {@code memory} [B, G, d, e], which is not changed: outputs [B, G, R, T, e] and the memory after. */
    static MatrixMemory.Result chunk(Terms in, Tensor memory) {
        return chunk(in, memory, (int) Math.min(MatrixMemory.ROW_CHUNK, in.k.size(2)));
    }

    private static MatrixMemory.Result chunk(Terms in, Tensor memory, int size) {
        DType dtype = in.k.dtype();
        Tensor qs = MatrixMemory.chunked(in.q, size); // [B, G, R, N, C, d]
        Tensor rs = MatrixMemory.chunked(in.r, size); // [B, G, N, C, d]
        Tensor ps = MatrixMemory.chunked(in.p, size);
        Tensor ks = MatrixMemory.chunked(in.k, size);
        Tensor vs = MatrixMemory.chunked(in.v, size); // [B, G, N, C, e]
        Tensor logs = MatrixMemory.chunked(in.logDecay.to(DType.FLOAT64), size);
        Tensor sum = logs.cumsum(-2); // s [B, G, N, C, d]
        Tensor earlier = sum.sub(logs); // s_{i−1}
        Tensor above = MatrixMemory.above(size, sum.device());
        Tensor within = decay(sum, sum, above, dtype); // [B, G, N, C, C, d]
        Tensor before = decay(earlier, sum, above, dtype).mul(below(size, rs)); // j < i alone
        Tensor a = pairs(rs, ps, before); // [B, G, N, C, C]
        Tensor solved = a.solveUnitLower(Tensors.cat(
                -1, pairs(rs, ks, before).matmul(vs), rs.mul(earlier.exp().to(dtype))));
        Tensor own = solved.narrow(-1, 0, vs.size(-1)); // U₀ [B, G, N, C, e]
        Tensor known = solved.narrow(-1, vs.size(-1), ks.size(-1)); // W [B, G, N, C, d]
        Tensor reads = pairs(qs, ks.unsqueeze(2), within.unsqueeze(2)); // [B, G, R, N, C, C]
        Tensor taken = pairs(qs, ps.unsqueeze(2), within.unsqueeze(2));
        Tensor entered = qs.mul(sum.exp().to(dtype).unsqueeze(2)); // [B, G, R, N, C, d]
        Tensor last = sum.narrow(-2, size - 1, 1); // [B, G, N, 1, d]
        Tensor left = last.sub(sum).exp().to(dtype);
        Tensor writes = ks.mul(left).transpose(-1, -2); // [B, G, N, d, C]
        Tensor takes = ps.mul(left).transpose(-1, -2);
        Tensor whole = last.exp().to(dtype).transpose(-1, -2); // [B, G, N, d, 1]
        List<Tensor> outputs = new ArrayList<>();
        Tensor state = memory;
        for (long n = 0; n < ks.size(2); n++) {
            Tensor v = vs.select(2, n);
            Tensor u = own.select(2, n).add(known.select(2, n).matmul(state)); // [B, G, C, e]
            Tensor near = reads.select(3, n)
                    .matmul(v.unsqueeze(2))
                    .sub(taken.select(3, n).matmul(u.unsqueeze(2)));
            outputs.add(near.add(entered.select(3, n).matmul(state.unsqueeze(2)))); // [B, G, R, C, e]
            state = state.mul(whole.select(2, n))
                    .add(writes.select(2, n).matmul(v))
                    .sub(takes.select(2, n).matmul(u));
        }
        Tensor y = outputs.size() == 1 ? outputs.getFirst() : Tensors.cat(outputs, 3);
        return new MatrixMemory.Result(y.narrow(3, 0, in.k.size(2)), state);
    }

    /** exp(a_i − b_j) [.., C, C, d] of sums [.., C, d], zero above the diagonal. */
    private static Tensor decay(Tensor a, Tensor b, Tensor above, DType dtype) {
        return a.unsqueeze(-2)
                .sub(b.unsqueeze(-3))
                .to(dtype)
                .maskedFill(above.unsqueeze(-1), Double.NEGATIVE_INFINITY)
                .clampMax(0) // on the diagonal of s_{i−1}, which is not used
                .exp();
    }

    /** 1 below the diagonal: [C, C, 1]. */
    private static Tensor below(int size, Tensor like) {
        Tensor place = Tensors.arange(0, size, like.device());
        return place.unsqueeze(0).lt(place.unsqueeze(-1)).to(like.dtype()).unsqueeze(-1);
    }

    /** Σ_d x_id y_jd E_ijd [.., C, C]. */
    private static Tensor pairs(Tensor x, Tensor y, Tensor decay) {
        return decay.mul(x.unsqueeze(-2)).mul(y.unsqueeze(-3)).sum(-1, false);
    }

    /**
     * One token, without gradients: updates {@code memory} in place and reads it.
     *
     * @return [B, G, R, 1, e]
     */
    static Tensor step(Terms in, Tensor memory) {
        Tensor u = in.r.matmul(memory); // [B, G, 1, e]
        memory.mul_(in.logDecay.exp().transpose(-1, -2));
        memory.add_(
                in.k.transpose(-1, -2).matmul(in.v).sub(in.p.transpose(-1, -2).matmul(u)));
        return in.q.matmul(memory.unsqueeze(2));
    }
}
