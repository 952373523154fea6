package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The matrix memory of xLSTM (Beck et al. 2024, arXiv 2405.04517): a gate that forgets, and one that lets in as much as it
 * wants, its exponential having no bound.
 *
 * <pre>
 *   f_t = σ(W_f x_t + b_f)      i_t = exp(W_i x_t + b_i)
 *   M_t = f_t M_{t−1} + i_t k_tᵀ v_t / √d      n_t = f_t n_{t−1} + i_t k_t / √d
 *   o_t = q_t M_t / max(|q_t·n_t|, 1)          y_t = group norm(o_t) ∘ silu(W x_t + b)
 * </pre>
 *
 * <p>{@link MemoryMixer} keeps M and n divided by their largest weight, which cancels: nothing overflows at any gate.
 *
 * <p><b>Deviations.</b> The cell alone: no short convolution, no learned skip from it and no widening around it. W_f =
 * W_i = 0 at first as published, b_f evenly from 3 to 6 over the heads, b_i = 0 where the published one has noise of
 * 0.1. The output gate starts open. Heads that share keys share gates and memory.
 *
 * @param near what is kept exactly beside it
 */
record MlstmSpec(Near near) implements MemorySpec {
    static final MixerKind<Near.Keys> KIND = new MixerKind<>(
            "mlstm",
            Near.Keys.class,
            (keys, dims) -> new MlstmSpec(keys.near()),
            new MixerKind.About(
                    "exponential input gate, stabilised", "G*(d*(d + 1) + 1) + 2*G*d*n", "xLSTM, arXiv 2405.04517"));

    static final String INPUT_WEIGHT = "input_weight";
    static final String INPUT_BIAS = "input_bias";

    private static final Ending.Shape ENDING = new Ending.Shape(false, Ending.Norm.GROUP, true, false);

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new MlstmSpec(other);
    }

    @Override
    public Ending.Shape ending() {
        return ENDING;
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        long[] weight = {dims.keyHeads(), dims.width()};
        long[] bias = {dims.keyHeads()};
        shapes.put(LizardSpec.GATE_WEIGHT, weight);
        shapes.put(LizardSpec.GATE_BIAS, bias);
        shapes.put(INPUT_WEIGHT, weight);
        shapes.put(INPUT_BIAS, bias);
        return shapes;
    }

    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        int heads = dims.keyHeads();
        float[] forget = new float[heads];
        for (int h = 0; h < heads; h++) {
            forget[h] = heads == 1 ? 4.5f : 3 + 3f * h / (heads - 1);
        }
        return List.of(
                new Parameter(LizardSpec.GATE_WEIGHT, MemorySpec.zeros(heads, dims.width()), "gate"),
                new Parameter(LizardSpec.GATE_BIAS, Tensors.of(forget, heads), "gate"),
                new Parameter(INPUT_WEIGHT, MemorySpec.zeros(heads, dims.width()), "gate"),
                new Parameter(INPUT_BIAS, MemorySpec.zeros(heads), "gate"));
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return MemoryMixer.of(
                this,
                dims,
                parameters,
                dims.keyHeads(),
                MemoryMixer.Normaliser.BOUNDED,
                in -> new MemoryMixer.Terms(
                        in.q(),
                        in.k().mul(Math.pow(dims.headWidth(), -0.5)),
                        MemorySpec.logit(in, parameters, LizardSpec.GATE_WEIGHT, LizardSpec.GATE_BIAS)
                                .logSigmoid(),
                        MemorySpec.logit(in, parameters, INPUT_WEIGHT, INPUT_BIAS)));
    }

    /** With n and the largest weight. */
    @Override
    public long memoryNumbers(HeadDims dims) {
        return dims.keyHeads() * (dims.headWidth() * (dims.headWidth() + 1L) + 1);
    }
}
