package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The linear attention of BASED (Arora et al. 2024, arXiv 2402.18668): features whose product is the second-order Taylor
 * series of softmax's exponential, of queries and keys that were projected to a few dimensions p. BASED alternates it
 * with windows, which a stack does by its list of mixers; a conversion may have one beside it in each layer.
 *
 * <pre>
 *   a = q W_q    b = k W_k    s = a·b / √p          W_q [H, d, p]   W_k [G, d, p]
 *   φ(a) = [1, a_i / p^¼, a_i² / √(2p), a_i a_j / √p for i &lt; j]          φ(a)·φ(b) = 1 + s + s²/2 &gt; 0
 *   S_t = S_{t−1} + φ(b_t)ᵀ v_t      z_t = z_{t−1} + φ(b_t)      y_t = φ(a_t) S_t / φ(a_t)·z_t
 * </pre>
 *
 * <p>The published map holds each a_i a_j twice; here f = (p + 1)(p + 2)/2 instead of 1 + p + p² for the same products.
 *
 * <p>Deviations: p dimensions come from a projection of the head rather than from projections of the layer's own, which
 * is the same for a model trained from scratch and lets a teacher's heads be kept; no 1e-12 in the denominator, which is
 * at least half of the number of keys. No RoPE, as published. Heads that share keys share S and z.
 *
 * @param features p
 * @param near what is kept exactly beside it
 */
record TaylorSpec(int features, Near near) implements MemorySpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "taylor",
            Keys.class,
            (keys, dims) -> new TaylorSpec(keys.features, new Near(keys.window, keys.first, keys.branches)),
            new MixerKind.About(
                    "second-order Taylor series of softmax",
                    "G*(p + 1)*(p + 2)*(d + 1)/2 + 2*G*d*n",
                    "BASED, arXiv 2402.18668"));

    /** Beyond it the square of p outgrows a head. */
    static final double MOST_FEATURES = 256;

    record Keys(
            @Setting(byDefault = "16", min = 1, max = MOST_FEATURES)
            int features,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") LizardSpec.Branches branches) {
        Keys {
            Near.requireEffect(window, first, branches);
        }
    }

    static final String QUERY_MAP = "query_map";
    static final String KEY_MAP = "key_map";

    TaylorSpec {
        if (features < 1) {
            throw new IllegalArgumentException("features must be at least 1, found " + features);
        }
    }

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new TaylorSpec(features, other);
    }

    @Override
    public Map<String, Object> ownKeys() {
        return Map.of("features", features);
    }

    /** f. */
    long width() {
        return (features + 1L) * (features + 2) / 2;
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(QUERY_MAP, new long[] {dims.heads(), dims.headWidth(), features});
        shapes.put(KEY_MAP, new long[] {dims.keyHeads(), dims.headWidth(), features});
        return shapes;
    }

    /** Normal of deviation 1/√d, heads of a group alike, so that s is a product of like projections from the start. */
    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        float[] keys = random.normal(dims.keyHeads() * dims.headWidth() * features, 1 / Math.sqrt(dims.headWidth()));
        Tensor map = Tensors.of(keys, dims.keyHeads(), dims.headWidth(), features);
        return List.of(
                new Parameter(QUERY_MAP, map.repeatInterleave(dims.group(), 0), "maps"),
                new Parameter(KEY_MAP, map, "maps"));
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        Tensor queryMap = MixerSpec.need(parameters, QUERY_MAP);
        Tensor keyMap = MixerSpec.need(parameters, KEY_MAP);
        return MemoryMixer.summed(
                this,
                dims,
                parameters,
                width(),
                in -> new MemoryMixer.Terms(projected(in.q(), queryMap), projected(in.k(), keyMap), null, null));
    }

    private Tensor projected(Tensor x, Tensor map) {
        return features(x.matmul(map.to(x.dtype())));
    }

    /** φ of [.., p]: [.., f]. Products of two entries are those of the vector with itself, moved on by 0 to p/2 places. */
    Tensor features(Tensor x) {
        Tensor a = x.mul(Math.pow(features, -0.25));
        Tensor twice = Tensors.cat(-1, a, a);
        List<Tensor> parts = new ArrayList<>();
        parts.add(a.narrow(-1, 0, 1).mul(0).add(1));
        parts.add(a);
        parts.add(a.square().mul(Math.sqrt(0.5)));
        for (int by = 1; 2 * by <= features; by++) {
            int count = 2 * by == features ? by : features; // half way round each pair would come twice
            parts.add(a.narrow(-1, 0, count).mul(twice.narrow(-1, by, count)));
        }
        return Tensors.cat(parts, -1);
    }

    @Override
    public long memoryNumbers(HeadDims dims) {
        return dims.keyHeads() * width() * (dims.headWidth() + 1);
    }

    /** Projections, what is read and what is written. */
    @Override
    public double flops(HeadDims dims, long length) {
        return 4.0 * MixerSizes.rows(dims) * (features + width()) + near().flops(dims);
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        long features = 2L * dims.heads() * (3 * width() + this.features);
        long pairs = 2L * dims.heads() * Math.min(MatrixMemory.CHUNK, length);
        return features + 8 * MixerSizes.rows(dims) + pairs + near().graphNumbers(dims, length);
    }
}
