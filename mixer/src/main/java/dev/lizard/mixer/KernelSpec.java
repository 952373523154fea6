package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A trainable feedforward kernel (Yorsh, Kovalenko 2022): linear attention whose features are a small network with
 * positive outputs, one for queries, keys and all heads of a layer. With q̃ and k̃ after RoPE:
 *
 * <pre>
 *   softplus   φ(u) = softplus(W u + b)
 *   mlp        φ(u) = softplus(W gelu(V u))
 *   glu        φ(u) = softplus(W u) ∘ σ(V u)                W, V [d, d]
 *
 *   S_t = S_{t−1} + φ(k̃_t / d^¼)ᵀ v_t      z_t = z_{t−1} + φ(k̃_t / d^¼)
 *   y_t = φ(q̃_t / d^¼) S_t / φ(q̃_t / d^¼)·z_t
 * </pre>
 *
 * <p>gelu(u) = u σ(√(8/π) (u + 0.044715 u³)), the form without an error function.
 *
 * <p>Its matrices begin orthogonal, and the loss {@code orthogonality} keeps them near that: a map that folds directions
 * together cannot tell their keys apart, and no later layer brings back what it lost.
 *
 * <p><b>Deviations.</b> Causal, where the paper's encoder sums over all tokens. Sizes and sharing are ours, for the paper
 * leaves room: as many features as a head is wide, two matrices at most, the same for all heads. Features are kept above
 * 1e-12, for softplus underflows where its input is very negative. Heads that share keys share S and z.
 *
 * @param map the network
 * @param near what is kept exactly beside it
 */
record KernelSpec(Network map, Near near) implements MemorySpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "kernel",
            Keys.class,
            (keys, dims) -> new KernelSpec(keys.map, new Near(keys.window, keys.first, keys.branches)),
            new MixerKind.About(
                    "linear attention over a small trained network",
                    "G*d*(d + 1) + 2*G*d*n",
                    "trainable feedforward kernel, arXiv 2211.04076"));

    static final String WEIGHT = "kernel_weight";
    static final String BIAS = "kernel_bias";
    static final String INNER = "kernel_inner_weight";

    private static final double SMALLEST = 1e-12;

    /** What makes features. */
    enum Network {
        /** One layer. */
        SOFTPLUS,
        /** Two layers. */
        MLP,
        /** One layer behind gates. */
        GLU
    }

    record Keys(
            @Setting(byDefault = "softplus") Network map,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") LizardSpec.Branches branches) {
        Keys {
            Near.requireEffect(window, first, branches);
        }
    }

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new KernelSpec(map, other);
    }

    @Override
    public Map<String, Object> ownKeys() {
        return Map.of("map", map.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        long[] square = {dims.headWidth(), dims.headWidth()};
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(WEIGHT, square);
        if (map == Network.SOFTPLUS) {
            shapes.put(BIAS, new long[] {dims.headWidth()});
        } else {
            shapes.put(INNER, square);
        }
        return shapes;
    }

    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        int d = dims.headWidth();
        return ownShapes(dims).keySet().stream()
                .map(name -> new Parameter(
                        name, name.equals(BIAS) ? MemorySpec.zeros(d) : Orthogonal.matrix(d, random), "maps"))
                .toList();
    }

    @Override
    public List<String> orthogonal() {
        return map == Network.SOFTPLUS ? List.of(WEIGHT) : List.of(WEIGHT, INNER);
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return MemoryMixer.summed(
                this,
                dims,
                parameters,
                dims.headWidth(),
                in -> new MemoryMixer.Terms(
                        features(in.at().turn(in.q()), parameters),
                        features(in.at().turn(in.k()), parameters),
                        null,
                        null));
    }

    /** φ(u / d^¼) of u [.., d]: [.., d]. */
    Tensor features(Tensor vectors, Map<String, Tensor> parameters) {
        Tensor u = vectors.mul(Math.pow((double) vectors.size(-1), -0.25));
        Tensor weight = MixerSpec.need(parameters, WEIGHT).to(u.dtype());
        Tensor positive = switch (map) {
            case SOFTPLUS ->
                softplus(u.linear(weight, MixerSpec.need(parameters, BIAS).to(u.dtype())));
            case MLP -> softplus(gelu(inner(u, parameters)).linear(weight, null));
            case GLU ->
                softplus(u.linear(weight, null)).mul(inner(u, parameters).sigmoid());
        };
        return positive.clampMin(SMALLEST);
    }

    private static Tensor inner(Tensor u, Map<String, Tensor> parameters) {
        return u.linear(MixerSpec.need(parameters, INNER).to(u.dtype()), null);
    }

    private static Tensor softplus(Tensor x) {
        return x.neg().logSigmoid().neg();
    }

    private static Tensor gelu(Tensor x) {
        Tensor cubed = x.square().mul(x);
        return x.mul(cubed.mul(0.044715).add(x).mul(Math.sqrt(8 / Math.PI)).sigmoid());
    }

    @Override
    public long memoryNumbers(HeadDims dims) {
        return (long) dims.keyHeads() * dims.headWidth() * (dims.headWidth() + 1L);
    }

    /** Features of queries and keys come to what is read and written. */
    @Override
    public double flops(HeadDims dims, long length) {
        double networks = 2.0 * orthogonal().size() * (dims.heads() + dims.keyHeads()) * dims.headWidth();
        return MemorySpec.super.flops(dims, length) + networks * dims.headWidth();
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return MemorySpec.super.graphNumbers(dims, length) + 10L * orthogonal().size() * MixerSizes.rows(dims);
    }
}
