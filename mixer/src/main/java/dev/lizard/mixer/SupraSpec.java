package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * SUPRA (Mercat et al. 2024, arXiv 2405.06640): softmax is swapped for a learned kernel with rotation, a fixed decay a
 * head and a norm in the place of the denominator, and the whole model is trained on ("uptraining"). With q and k of
 * all heads side by side, H' being H for queries and G for keys:
 *
 * <pre>
 *   φ(x) = RoPE(relu(W x + b))                W [H' d, H' d], over the whole width
 *   s_h = 2^(−8 (h + 1) / H)      γ_h = exp(−s_h)       ALiBi's slopes, the first head the quickest to forget
 *   M_t = γ_h M_{t−1} + φ(k_t)ᵀ v_t / √d      o_t = φ(q_t) M_t
 *   y_t = group norm(o_t)                     a group a head, mean taken off, ε 1e-5
 * </pre>
 *
 * <p>The rotation comes after relu, so weights may be negative and a sum of them may pass zero.
 *
 * <p><b>Deviations.</b> The norm has a weight for each number of a head, which the output projection could take up: with
 * it a conversion can learn the teacher's scale where only mixers learn. Queries and keys have maps of their own, where
 * the published code lets them share one if heads are as many. The formula of slopes is the same at any number of heads.
 *
 * @param near what is kept exactly beside it
 */
record SupraSpec(Near near) implements MemorySpec {
    static final MixerKind<Near.Keys> KIND = new MixerKind<>(
            "supra",
            Near.Keys.class,
            (keys, dims) -> new SupraSpec(keys.near()),
            new MixerKind.About(
                    "rotated relu kernel, fixed decay, norm", "H*d*d + 2*G*d*n", "SUPRA, arXiv 2405.06640"));

    private static final Ending.Shape ENDING = new Ending.Shape(false, Ending.Norm.GROUP, false, false);

    static final String QUERY_BIAS = "query_bias";
    static final String KEY_BIAS = "key_bias";

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new SupraSpec(other);
    }

    @Override
    public Ending.Shape ending() {
        return ENDING;
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        long queries = MixerSizes.rows(dims);
        long keys = (long) dims.keyHeads() * dims.headWidth();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(LizardSpec.QUERY_MAP, new long[] {queries, queries});
        shapes.put(QUERY_BIAS, new long[] {queries});
        shapes.put(LizardSpec.KEY_MAP, new long[] {keys, keys});
        shapes.put(KEY_BIAS, new long[] {keys});
        return shapes;
    }

    /** As linear layers begin: evenly between ±1/√width. */
    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        return ownShapes(dims).entrySet().stream()
                .map(entry -> {
                    long[] shape = entry.getValue();
                    float[] values = new float[Math.toIntExact(shape.length == 1 ? shape[0] : shape[0] * shape[1])];
                    double bound = 1 / Math.sqrt((double) shape[0]);
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) (bound * (2 * random.nextDouble() - 1));
                    }
                    return new Parameter(entry.getKey(), Tensors.of(values, shape), "maps");
                })
                .toList();
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return MemoryMixer.of(this, dims, parameters, dims.heads(), MemoryMixer.Normaliser.NONE, in -> {
            Tensor q = mapped(in.q(), parameters, LizardSpec.QUERY_MAP, QUERY_BIAS);
            Tensor k = mapped(in.k(), parameters, LizardSpec.KEY_MAP, KEY_BIAS);
            return new MemoryMixer.Terms(
                    in.at().turn(q),
                    in.at().turn(k).mul(Math.pow(dims.headWidth(), -0.5)).repeatInterleave(dims.group(), 1),
                    MemorySpec.constant(logDecays(dims.heads()), in),
                    null);
        });
    }

    /** relu(W x + b) of x [B, H', T, d] over all heads. */
    private static Tensor mapped(Tensor x, Map<String, Tensor> parameters, String map, String bias) {
        Tensor flat = x.transpose(1, 2).reshape(x.size(0), x.size(2), x.size(1) * x.size(3)); // [B, T, H' d]
        return flat.linear(
                        MixerSpec.need(parameters, map).to(x.dtype()),
                        MixerSpec.need(parameters, bias).to(x.dtype()))
                .clampMin(0)
                .view(x.size(0), x.size(2), x.size(1), x.size(3))
                .transpose(1, 2);
    }

    static double[] logDecays(int heads) {
        double[] logs = new double[heads];
        for (int h = 0; h < heads; h++) {
            logs[h] = -Math.pow(2, -8.0 * (h + 1) / heads);
        }
        return logs;
    }

    @Override
    public long memoryNumbers(HeadDims dims) {
        return MixerSizes.rows(dims) * dims.headWidth();
    }

    @Override
    public double flops(HeadDims dims, long length) {
        double keys = (double) dims.keyHeads() * dims.headWidth();
        double queries = MixerSizes.rows(dims);
        return MemorySpec.super.flops(dims, length) + 2 * (queries * queries + keys * keys);
    }
}
