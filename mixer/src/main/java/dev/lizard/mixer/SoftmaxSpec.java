package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;
import java.util.Map;

/** Full causal softmax attention with RoPE: the teacher's mixer, and a layer kept as it was in a hybrid. */
public record SoftmaxSpec() implements MixerSpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "softmax",
            Keys.class,
            (keys, dims) -> new SoftmaxSpec(),
            new MixerKind.About("attention over all tokens: the teacher", "2*G*d*T", "Vaswani et al. 2017"));

    record Keys() {}

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public Map<String, Object> keys() {
        return Map.of();
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        return new Softmax(this, dims);
    }

    @Override
    public boolean caches() {
        return true;
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return MixerSizes.pairs(dims, tokens);
    }

    /** A token sees half of the others on average. */
    @Override
    public double flops(HeadDims dims, long length) {
        return MixerSizes.windowFlops(dims, length / 2.0);
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return 4 * MixerSizes.rows(dims);
    }
}
