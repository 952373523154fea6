package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;

/**
 * What a mixer sees of its layer: T consecutive tokens of B sequences.
 *
 * @param x layer input after its norm [B, T, D]; gates are computed from it
 * @param q projected queries [B, H, T, d], before RoPE
 * @param k projected keys [B, G, T, d], before RoPE
 * @param v projected values [B, G, T, d]
 * @param rotary the model's rotary embedding
 * @param start absolute position of the first token
 */
public record MixerInput(Tensor x, Tensor q, Tensor k, Tensor v, Rotary rotary, long start) {
    public long batch() {
        return q.size(0);
    }

    public long tokens() {
        return q.size(2);
    }

    /** The part [from, from + length) of the tokens, as views. */
    public MixerInput slice(long from, long length) {
        return new MixerInput(
                x.narrow(1, from, length),
                q.narrow(2, from, length),
                k.narrow(2, from, length),
                v.narrow(2, from, length),
                rotary,
                start + from);
    }

    /** The same in float32 where it is narrower: mixers compute and remember in float32 or float64. */
    MixerInput widened() {
        return q.dtype() == DType.BFLOAT16
                ? new MixerInput(
                        x.to(DType.FLOAT32),
                        q.to(DType.FLOAT32),
                        k.to(DType.FLOAT32),
                        v.to(DType.FLOAT32),
                        rotary,
                        start)
                : this;
    }

    /** {@code wide}, a result of {@link #widened} inputs, in the dtype of these. */
    Tensor narrowed(Tensor wide) {
        return q.dtype() == DType.BFLOAT16 ? wide.to(DType.BFLOAT16) : wide;
    }

    /** The same tokens with other values, whose width may differ from d. */
    public MixerInput withValues(Tensor values) {
        return new MixerInput(x, q, k, values, rotary, start);
    }
}
