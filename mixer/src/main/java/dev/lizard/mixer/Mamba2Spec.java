package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Mamba-2 (Dao, Gu 2024, arXiv 2405.21060), its C, B and x being a layer's q, k and v: a state space whose decay is one
 * number a head, which the token decides.
 *
 * <pre>
 *   Δ_t = softplus(W_Δ x_t + b_Δ)      A = −exp(a)
 *   M_t = exp(Δ_t A) M_{t−1} + Δ_t k_tᵀ v_t      o_t = q_t M_t + D v_t
 *   y_t = rms(o_t ∘ silu(W x_t + b))
 * </pre>
 *
 * <p>The <b>discrete</b> kind is MOHAWK's student (Bick et al. 2024, arXiv 2408.10189), of which all but the gate is a
 * matrix that softmax's can be matched with:
 *
 * <pre>
 *   M_t = σ(−(W_Δ x_t + b_Δ)) M_{t−1} + k_tᵀ v_t / √d      o_t = q_t M_t + D v_t      y_t = o_t ∘ silu(W x_t + b)
 * </pre>
 *
 * <p><b>Deviations.</b> No short convolution before it, in either kind. W_Δ = 0 at first; the discrete kind's half-lives
 * are then spread from 32 to 2,048 tokens over the heads, and its D is 0, so that it begins as linear attention. The
 * norm is of a head, where Mamba-2 takes all heads together. √d of the discrete kind stands for the one that softmax
 * divides by. Heads that share keys share Δ, A and the memory.
 *
 * @param discrete whether it is MOHAWK's
 * @param near what is kept exactly beside it
 */
record Mamba2Spec(boolean discrete, Near near) implements MemorySpec {
    static final MixerKind<Near.Keys> KIND =
            kind("mamba2", false, "state space with a decay a head", "Mamba-2, arXiv 2405.21060");
    static final MixerKind<Near.Keys> DISCRETE =
            kind("mamba2-discrete", true, "the same as a matrix to be matched", "MOHAWK, arXiv 2408.10189");

    private static MixerKind<Near.Keys> kind(String name, boolean discrete, String what, String source) {
        return new MixerKind<>(
                name,
                Near.Keys.class,
                (keys, dims) -> new Mamba2Spec(discrete, keys.near()),
                new MixerKind.About(what, "G*d*d + 2*G*d*n", source));
    }

    static final String STEP_WEIGHT = "step_weight";
    static final String STEP_BIAS = "step_bias";
    static final String DECAY = "decay_log";

    private static final Ending.Shape ENDING = new Ending.Shape(true, Ending.Norm.RMS, true, true);
    private static final Ending.Shape UNNORMED = new Ending.Shape(true, Ending.Norm.NONE, true, true);

    @Override
    public String mixer() {
        return (discrete ? DISCRETE : KIND).name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new Mamba2Spec(discrete, other);
    }

    @Override
    public Ending.Shape ending() {
        return discrete ? UNNORMED : ENDING;
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(STEP_WEIGHT, new long[] {dims.keyHeads(), dims.width()});
        shapes.put(STEP_BIAS, new long[] {dims.keyHeads()});
        if (!discrete) {
            shapes.put(DECAY, new long[] {dims.keyHeads()});
        }
        return shapes;
    }

    /** exp(a) evenly from 1 to 16; Δ evenly in the logarithm from 0.001 to 0.1. */
    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        int heads = dims.keyHeads();
        Parameter weight = new Parameter(STEP_WEIGHT, MemorySpec.zeros(heads, dims.width()), "gate");
        if (discrete) {
            return List.of(
                    weight,
                    new Parameter(STEP_BIAS, LogGates.biases(heads, 32, 2048).neg(), "gate"));
        }
        float[] bias = new float[heads];
        float[] decay = new float[heads];
        for (int h = 0; h < heads; h++) {
            double step = Math.max(1e-4, 1e-3 * Math.pow(100, random.nextDouble()));
            bias[h] = (float) (step + Math.log(-Math.expm1(-step))); // softplus of it is step
            decay[h] = (float) Math.log(1 + 15 * random.nextDouble());
        }
        return List.of(
                weight,
                new Parameter(STEP_BIAS, Tensors.of(bias, heads), "gate"),
                new Parameter(DECAY, Tensors.of(decay, heads), "gate"));
    }

    @Override
    public List<Parameter> initial(HeadDims dims, RandomStream random) {
        return MemorySpec.super.initial(dims, random).stream()
                .map(p -> discrete && p.name().equals(Ending.SKIP)
                        ? new Parameter(p.name(), MemorySpec.zeros(dims.heads()), p.group())
                        : p)
                .toList();
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return MemoryMixer.of(
                this,
                dims,
                parameters,
                dims.keyHeads(),
                MemoryMixer.Normaliser.NONE,
                in -> terms(in, dims, parameters));
    }

    private MemoryMixer.Terms terms(MixerInput in, HeadDims dims, Map<String, Tensor> parameters) {
        Tensor logit = MemorySpec.logit(in, parameters, STEP_WEIGHT, STEP_BIAS);
        if (discrete) {
            Tensor k = in.k().mul(Math.pow(dims.headWidth(), -0.5));
            return new MemoryMixer.Terms(in.q(), k, logit.neg().logSigmoid(), null);
        }
        Tensor step = logit.neg().logSigmoid().neg(); // softplus
        Tensor rate =
                MixerSpec.need(parameters, DECAY).to(step.dtype()).exp().neg().view(1, dims.keyHeads(), 1);
        return new MemoryMixer.Terms(in.q(), in.k().mul(step.unsqueeze(-1)), step.mul(rate), null);
    }
}
