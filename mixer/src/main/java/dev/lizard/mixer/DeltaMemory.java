package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * A matrix M [d, e] that is corrected rather than added to: what it says of a key is moved towards the key's value.
 *
 * <pre>
 *   M_t = γ_t M_{t−1} + k_tᵀ u_t      u_t = β_t (v_t − k_t γ_t M_{t−1})      o_t = q_t M_t
 * </pre>
 *
 * <p><b>Chunks.</b> With a the running sum of log γ within a chunk, E_ij = exp(a_i − a_j) and M the memory that enters
 * it, the corrections solve a unit lower triangular system:
 *
 * <pre>
 *   (I + A) U = β (V − e^a K M)       A = β (K Kᵀ ∘ E) below the diagonal
 *   O = (Q Kᵀ ∘ E) U + e^a Q M        from the diagonal down
 *   M' = e^{a_C} M + (e^{a_C − a} K)ᵀ U
 * </pre>
 *
 * U = U₀ − W M with U₀ and W of one solve for all chunks at once; only what has M in it goes from chunk to chunk. As in
 * {@link MatrixMemory}, exponents are differences of sums, at most 0, formed in float64.
 *
 * <p>Axes: B batch, G memories, R queries that read one, N chunks, C tokens of one.
 */
final class DeltaMemory {
    private static final int CHUNK = MatrixMemory.CHUNK;

    /** Keeps the length of a row of zeros from being 0. */
    private static final double TINY = 1e-6;

    private DeltaMemory() {}

    /** x [.., d], each of length 1. */
    static Tensor unit(Tensor x) {
        return x.mul(x.square().sum(-1, true).add(TINY).pow(-0.5));
    }

    /** A state of one empty memory [B, G, d, d]. */
    static MixerState newState(HeadDims dims, int batch, DType model, Device device) {
        MixerState state = new MixerState();
        long width = dims.headWidth();
        state.put(
                LinearBranch.MEMORY,
                Tensors.zeros(Mixer.computing(model), device, batch, dims.keyHeads(), width, width));
        return state;
    }

    /** All pairs, from an empty memory: [B, G, R, T, e]; arguments as for {@link #chunk}. */
    static Tensor parallel(Tensor q, Tensor k, Tensor v, Tensor beta, Tensor logDecay) {
        Tensor none = Tensors.zeros(k.dtype(), k.device(), k.size(0), k.size(1), k.size(3), v.size(3));
        return chunk(q, k, v, beta, logDecay, none, (int) k.size(2)).y();
    }

    /**
     * Chunkwise from {@code memory}, which is not changed.
     *
     * @param q [B, G, R, T, d]
     * @param k [B, G, T, d], of length 1 at most
     * @param v [B, G, T, e]
     * @param beta [B, G, T, 1] from 0 to 1
     * @param logDecay log γ [B, G, T, 1], finite
     * @param memory [B, G, d, e]
     * @return outputs [B, G, R, T, e] and the memory after the last token
     */
    static MatrixMemory.Result chunk(Tensor q, Tensor k, Tensor v, Tensor beta, Tensor logDecay, Tensor memory) {
        return chunk(q, k, v, beta, logDecay, memory, (int) Math.min(CHUNK, k.size(2)));
    }

    private static MatrixMemory.Result chunk(
            Tensor q, Tensor k, Tensor v, Tensor beta, Tensor logDecay, Tensor memory, int size) {
        DType dtype = k.dtype();
        Tensor qs = MatrixMemory.chunked(q, size); // [B, G, R, N, C, d]
        Tensor ks = MatrixMemory.chunked(k, size); // [B, G, N, C, d]
        Tensor vs = MatrixMemory.chunked(v, size); // [B, G, N, C, e]
        Tensor rates = MatrixMemory.chunked(beta, size); // [B, G, N, C, 1]
        Tensor sum = MatrixMemory.chunked(logDecay.to(DType.FLOAT64), size).cumsum(-2); // [B, G, N, C, 1]
        Tensor decay = decay(sum).to(dtype); // [B, G, N, C, C]
        Tensor entered = sum.exp().to(dtype); // what is left of M at each token
        Tensor last = sum.narrow(-2, size - 1, 1); // [B, G, N, 1, 1]
        Tensor left = last.sub(sum).exp().to(dtype); // what will be left of it at the end
        Tensor a = ks.matmul(ks.transpose(-1, -2)).mul(decay).mul(rates);
        Tensor solved =
                a.solveUnitLower(Tensors.cat(-1, vs.mul(rates), ks.mul(entered).mul(rates)));
        Tensor own = solved.narrow(-1, 0, v.size(3)); // U₀ [B, G, N, C, e]
        Tensor known = solved.narrow(-1, v.size(3), k.size(3)); // W [B, G, N, C, d]
        Tensor pairs = qs.matmul(ks.transpose(-1, -2).unsqueeze(2)).mul(decay.unsqueeze(2)); // [B, G, R, N, C, C]
        Tensor reads = qs.mul(entered.unsqueeze(2)); // [B, G, R, N, C, d]
        Tensor writes = ks.mul(left).transpose(-1, -2); // [B, G, N, d, C]
        Tensor whole = last.exp().to(dtype); // [B, G, N, 1, 1]
        List<Tensor> outputs = new ArrayList<>();
        Tensor state = memory;
        for (long n = 0; n < ks.size(2); n++) {
            Tensor u = own.select(2, n).sub(known.select(2, n).matmul(state)); // [B, G, C, e]
            Tensor within = pairs.select(3, n).matmul(u.unsqueeze(2));
            outputs.add(within.add(reads.select(3, n).matmul(state.unsqueeze(2)))); // [B, G, R, C, e]
            state = state.mul(whole.select(2, n)).add(writes.select(2, n).matmul(u));
        }
        Tensor y = outputs.size() == 1 ? outputs.getFirst() : Tensors.cat(outputs, 3);
        return new MatrixMemory.Result(y.narrow(3, 0, k.size(2)), state);
    }

    /** E [.., C, C], zero above the diagonal, of sums [.., C, 1]. */
    private static Tensor decay(Tensor sum) {
        return sum.sub(sum.transpose(-1, -2))
                .maskedFill(MatrixMemory.above(sum.size(-2), sum.device()), Double.NEGATIVE_INFINITY)
                .exp();
    }

    /**
     * One token, without gradients: updates {@code memory} in place and reads it.
     *
     * @param q [B, G, R, d]
     * @param k [B, G, 1, d]
     * @param v [B, G, 1, e]
     * @param beta [B, G, 1, 1]
     * @param logDecay [B, G, 1, 1]
     * @return [B, G, R, e]
     */
    static Tensor step(Tensor q, Tensor k, Tensor v, Tensor beta, Tensor logDecay, Tensor memory) {
        memory.mul_(logDecay.exp());
        Tensor u = v.sub(k.matmul(memory)).mul(beta); // [B, G, 1, e]
        long count = memory.size(0) * memory.size(1);
        memory.view(count, memory.size(2), memory.size(3))
                .baddbmm_(k.reshape(count, memory.size(2), 1), u.reshape(count, 1, memory.size(3)));
        return q.matmul(memory);
    }
}
