package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gated linear attention (Yang et al. 2023, arXiv 2312.06635): each row of the memory decays by a gate of its own, which
 * the token decides.
 *
 * <pre>
 *   log α_t = log σ(W₂ W₁ x_t + b) / 16           one a row; W₁ [r, D], W₂ [G d, r]
 *   M_t = diag(α_t) M_{t−1} + k_tᵀ v_t            o_t = q_t M_t / √d
 *   y_t = rms(o_t) ∘ silu(W x_t + b')
 * </pre>
 *
 * <p><b>Deviations.</b> No short convolutions. The gate starts at σ(0) everywhere (W₂ = 0), half-life 16 tokens, as the
 * published one does but for noise. The output gate has a bias and starts open. No RoPE, as published. Heads that share
 * keys share gates and memory.
 *
 * @param rank r
 * @param near what is kept exactly beside it
 */
record GlaSpec(int rank, Near near) implements MemorySpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "gla",
            Keys.class,
            (keys, dims) -> new GlaSpec(keys.rank, new Near(keys.window, keys.first, keys.branches)),
            new MixerKind.About("a gate for each row of the memory", "G*d*d + 2*G*d*n", "GLA, arXiv 2312.06635"));

    static final double MOST_RANK = 1 << 12;

    record Keys(
            @Setting(byDefault = "16", min = 1, max = MOST_RANK)
            int rank,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") Branches branches) {
        Keys {
            Near.requireEffect(window, first, branches);
        }
    }

    private static final Ending.Shape ENDING = new Ending.Shape(false, Ending.Norm.RMS, true, false);

    /** Gates are roots of this degree: slow to forget. */
    static final double ROOT = 16;

    static final String GATE_DOWN = "gate_down";

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new GlaSpec(rank, other);
    }

    @Override
    public Map<String, Object> ownKeys() {
        return Map.of("rank", rank);
    }

    @Override
    public Ending.Shape ending() {
        return ENDING;
    }

    private static long keys(HeadDims dims) {
        return (long) dims.keyHeads() * dims.headWidth();
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(GATE_DOWN, new long[] {rank, dims.width()});
        shapes.put(LizardSpec.GATE_WEIGHT, new long[] {keys(dims), rank});
        shapes.put(LizardSpec.GATE_BIAS, new long[] {keys(dims)});
        return shapes;
    }

    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        float[] down = random.normal(rank * dims.width(), 1 / Math.sqrt(dims.width()));
        return List.of(
                new Parameter(GATE_DOWN, Tensors.of(down, rank, dims.width()), "gate"),
                new Parameter(LizardSpec.GATE_WEIGHT, MemorySpec.zeros(keys(dims), rank), "gate"),
                new Parameter(LizardSpec.GATE_BIAS, MemorySpec.zeros(keys(dims)), "gate"));
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return MemoryMixer.of(
                this,
                dims,
                parameters,
                dims.keyHeads(),
                MemoryMixer.Normaliser.NONE,
                in -> new MemoryMixer.Terms(
                        in.q().mul(Math.pow(dims.headWidth(), -0.5)), in.k(), logGates(in, dims, parameters), null));
    }

    /** log α [B, G, T, d]. */
    private static Tensor logGates(MixerInput in, HeadDims dims, Map<String, Tensor> parameters) {
        Tensor x = in.x();
        return x.linear(MixerSpec.need(parameters, GATE_DOWN).to(x.dtype()), null)
                .linear(
                        MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT).to(x.dtype()),
                        MixerSpec.need(parameters, LizardSpec.GATE_BIAS).to(x.dtype()))
                .logSigmoid()
                .div(ROOT)
                .view(in.batch(), in.tokens(), dims.keyHeads(), dims.headWidth())
                .transpose(1, 2);
    }

    @Override
    public double flops(HeadDims dims, long length) {
        return MemorySpec.super.flops(dims, length) + 2.0 * rank * (dims.width() + keys(dims));
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return MemorySpec.super.graphNumbers(dims, length) + MemorySpec.rowGates(dims, length);
    }
}
