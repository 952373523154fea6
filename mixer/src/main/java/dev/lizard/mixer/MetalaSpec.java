package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * MetaLA (Chou et al. 2024, arXiv 2411.10741): gated linear attention without keys. What a row of the memory forgets makes
 * room for what is written there:
 *
 * <pre>
 *   log α_t = log σ(g_t) / 16                                     one a row
 *   M_t = diag(α_t) M_{t−1} + (1 − α_t)ᵀ v_t                       o_t = q_t M_t / √d
 *   o'_t = o_t + σ(s_t v_t)        s_t = q_t·((1 − α_t) ∘ b)       b [H, d], 0 at first: the self term
 *   y_t = norm(o'_t) ∘ silu(W x_t + b')                            of o − mean(o), a head by itself
 * </pre>
 *
 * <p>The equations, the self term's place within the sigmoid too, are those of the authors' published code; whether the
 * paper means σ(s_t) v_t is not confirmed here. At first σ(0) is the same in all places, which the norm takes off.
 *
 * <p><b>Deviations.</b> A conversion has a teacher's keys and no gate: g_t is −k_t, so that the projection of keys, which may
 * go on learning, becomes that of the gates, and what a key has much of is written most. No short convolution; the norm
 * has a weight; the output gate has a bias and starts open. No RoPE, as published. Queries are as wide as values, where the
 * published ones are half. Heads that share keys share gates and memory.
 *
 * @param near what is kept exactly beside it
 */
record MetalaSpec(Near near) implements MemorySpec {
    static final MixerKind<Near.Keys> KIND = new MixerKind<>(
            "metala",
            Near.Keys.class,
            (keys, dims) -> new MetalaSpec(keys.near()),
            new MixerKind.About("gates in the place of keys", "G*d*d + 2*G*d*n", "MetaLA, arXiv 2411.10741"));

    private static final Ending.Shape ENDING = new Ending.Shape(false, Ending.Norm.GROUP, true, false);

    static final String SELF = "self_weight";

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new MetalaSpec(other);
    }

    @Override
    public Ending.Shape ending() {
        return ENDING;
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        return Map.of(SELF, new long[] {dims.heads(), dims.headWidth()});
    }

    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        return List.of(new Parameter(SELF, MemorySpec.zeros(dims.heads(), dims.headWidth()), "out"));
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        Ending ending = ENDING.of(parameters).with(in -> self(in, dims, MixerSpec.need(parameters, SELF)));
        return new MemoryMixer(
                this,
                dims,
                parameters,
                dims.keyHeads(),
                dims.headWidth(),
                MemoryMixer.Normaliser.NONE,
                in -> {
                    Tensor gates = logGates(in);
                    return new MemoryMixer.Terms(
                            in.q().mul(Math.pow(dims.headWidth(), -0.5)), written(gates), gates, null);
                },
                ending);
    }

    /** log α [B, G, T, d]. */
    private static Tensor logGates(MixerInput in) {
        return in.k().neg().logSigmoid().div(GlaSpec.ROOT);
    }

    /** 1 − α. */
    private static Tensor written(Tensor gates) {
        return gates.exp().neg().add(1);
    }

    /** σ(s v) [B, H, T, d]. */
    private static Tensor self(MixerInput in, HeadDims dims, Tensor weight) {
        Tensor q = in.q();
        Tensor written = perHead(written(logGates(in)), dims);
        Tensor own = weight.to(q.dtype()).view(1, dims.heads(), 1, dims.headWidth());
        Tensor share = q.mul(written).mul(own).sum(-1, true); // s [B, H, T, 1]
        return share.mul(perHead(in.v(), dims)).sigmoid();
    }

    private static Tensor perHead(Tensor x, HeadDims dims) {
        return dims.group() == 1 ? x : x.repeatInterleave(dims.group(), 1);
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return MemorySpec.super.graphNumbers(dims, length)
                + MemorySpec.rowGates(dims, length)
                + 4 * MixerSizes.rows(dims);
    }
}
