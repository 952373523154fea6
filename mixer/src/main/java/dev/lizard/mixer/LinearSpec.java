package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;
import java.util.Map;

/**
 * Linear attention (Katharopoulos et al. 2020, arXiv 2006.16236), the plainest rival: no window, no gate, no parameters.
 * With q̃ and k̃ the queries and keys after RoPE:
 *
 * <pre>
 *   φ(x) = elu(x) + 1
 *   S_t = S_{t−1} + φ(k̃_t)ᵀ v_t      z_t = z_{t−1} + φ(k̃_t)
 *   y_t = φ(q̃_t) S_t / φ(q̃_t)·z_t
 * </pre>
 *
 * <p>Deviations: positions come from the teacher's RoPE, taken before φ so that weights stay positive; features are kept
 * above 1e-12, for a row of zeros would be 0/0. Heads that share keys share S and z.
 */
public record LinearSpec() implements MixerSpec {
    static final MixerKind<LinearSpec> KIND = new MixerKind<>(
            "linear",
            LinearSpec.class,
            (spec, dims) -> spec,
            new MixerKind.About("linear attention over elu + 1", "G*d*(d + 1)", "arXiv 2006.16236"));

    private static final double SMALLEST = 1e-12;

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
        return MemoryMixer.summed(this, dims, Map.of(), dims.keyHeads(), dims.headWidth(), in -> {
            Positions at = in.at();
            return new MemoryMixer.Terms(features(at.turn(in.q())), features(at.turn(in.k())), null, null);
        });
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return (long) dims.keyHeads() * dims.headWidth() * (dims.headWidth() + 1);
    }

    /** What is read and what is written. */
    @Override
    public double flops(HeadDims dims, long length) {
        return 4.0 * MixerSizes.rows(dims) * dims.headWidth();
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return 14 * MixerSizes.rows(dims) + 2L * dims.heads() * Math.min(MatrixMemory.CHUNK, length);
    }

    private static Tensor features(Tensor x) {
        return x.clampMin(0).add(x.clampMax(0).exp()).clampMin(SMALLEST);
    }
}
