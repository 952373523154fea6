package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;
import java.util.Map;

/**
 * The retention of RetNet (Sun et al. 2023, arXiv 2307.08621): linear attention without features, positions by rotation,
 * and a decay that is fixed, one a head. With q̃ and k̃ after RoPE:
 *
 * <pre>
 *   γ_h = 1 − 2^(−5−h)        h = 0, 1, …
 *   M_t = γ_h M_{t−1} + k̃_tᵀ v_t / √d        o_t = q̃_t M_t
 *   y_t = rms(o_t) ∘ silu(W x_t + b)          rms with a weight for each number of a head
 * </pre>
 *
 * <p>Weights q̃·k̃ may be negative, so that no sum could divide them: the norm stands in its place.
 *
 * <p><b>Deviations.</b> The rotation is the teacher's RoPE instead of xPos. The output gate has a bias and starts open
 * (W = 0, silu(b) = 1), so that a conversion begins with the retention alone. No normalisation by the sum of decays,
 * which the norm undoes but for its ε. Values are as wide as keys, as the teacher's are.
 *
 * @param near what is kept exactly beside it
 */
record RetnetSpec(Near near) implements MemorySpec {
    static final MixerKind<Near.Keys> KIND = new MixerKind<>(
            "retnet",
            Near.Keys.class,
            (keys, dims) -> new RetnetSpec(keys.near()),
            new MixerKind.About(
                    "rotated keys, fixed decay, norm, gate", "H*d*d + 2*G*d*n", "RetNet, arXiv 2307.08621"));

    private static final Ending.Shape ENDING = new Ending.Shape(false, Ending.Norm.RMS, true, false);

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new RetnetSpec(other);
    }

    @Override
    public Ending.Shape ending() {
        return ENDING;
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return MemoryMixer.of(this, dims, parameters, dims.heads(), MemoryMixer.Normaliser.NONE, in -> {
            Tensor k = in.at().turn(in.k()).mul(Math.pow(dims.headWidth(), -0.5));
            return new MemoryMixer.Terms(
                    in.at().turn(in.q()),
                    k.repeatInterleave(dims.group(), 1),
                    MemorySpec.constant(logDecays(dims.heads()), in),
                    null);
        });
    }

    private static double[] logDecays(int heads) {
        double[] logs = new double[heads];
        for (int h = 0; h < heads; h++) {
            logs[h] = Math.log1p(-Math.pow(2, -5 - h));
        }
        return logs;
    }

    @Override
    public long memoryNumbers(HeadDims dims) {
        return MixerSizes.rows(dims) * dims.headWidth();
    }
}
