package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.Tensor;
import java.util.Map;

/**
 * Liger (Lan et al. 2025, arXiv 2503.01496): gated linear attention without a new parameter, whose gates are the keys
 * themselves, beside a window, half of each.
 *
 * <pre>
 *   log α_t = log σ(k_t) / 16                     one a row
 *   M_t = diag(α_t) M_{t−1} + softmax(k_t)ᵀ v_t   o_t = softmax(q_t) M_t
 *   y_t = ½ softmax over the window + ½ o_t
 * </pre>
 *
 * <p>Where its paper and its code differ this follows the code: the window has RoPE, the memory has none, and gates are
 * 16th roots. Its pooling of k to as many numbers as k has is k.
 *
 * <p><b>Deviation.</b> Heads that share keys share the memory, which is the same map.
 *
 * @param near the window, and first tokens kept with it
 */
record LigerSpec(Near near) implements MemorySpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "liger",
            Keys.class,
            (keys, dims) -> new LigerSpec(new Near(keys.window, keys.first, keys.branches)),
            new MixerKind.About("gates from keys beside a window", "G*d*d + 2*G*d*(w + m)", "Liger, arXiv 2503.01496"));

    record Keys(
            @Setting(byDefault = "64", min = 1, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") Branches branches) {}

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new LigerSpec(other);
    }

    @Override
    public boolean learnsShare() {
        return false;
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
                        in.q().softmax(-1),
                        in.k().softmax(-1),
                        in.k().logSigmoid().div(GlaSpec.ROOT),
                        null));
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return MemorySpec.super.graphNumbers(dims, length) + MemorySpec.rowGates(dims, length);
    }
}
