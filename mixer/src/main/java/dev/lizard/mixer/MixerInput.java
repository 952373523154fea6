package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/**
 * What a mixer sees of its layer: T consecutive tokens of B sequences.
 *
 * @param x layer input after its norm [B, T, D]; gates are computed from it
 * @param q projected queries [B, H, T, d], before RoPE
 * @param k projected keys [B, G, T, d], before RoPE
 * @param v projected values [B, G, T, d]
 * @param at where the tokens stand; the caller's
 * @param judged the values by which tokens are chosen where a mixer chooses: v itself unless others stand in its place
 */
public record MixerInput(Tensor x, Tensor q, Tensor k, Tensor v, Positions at, Tensor judged) {
    public MixerInput(Tensor x, Tensor q, Tensor k, Tensor v, Positions at) {
        this(x, q, k, v, at, v);
    }

    public long batch() {
        return q.size(0);
    }

    public long tokens() {
        return q.size(2);
    }

    /** The part [from, from + length) of the tokens, as views, which stand at {@code there}. */
    MixerInput slice(long from, long length, Positions there) {
        return new MixerInput(
                x.narrow(1, from, length),
                q.narrow(2, from, length),
                k.narrow(2, from, length),
                v.narrow(2, from, length),
                there,
                judged.narrow(2, from, length));
    }

    /** Sequence {@code row} alone, as views, which stands at {@code there}. */
    MixerInput row(int row, Positions there) {
        return new MixerInput(
                x.narrow(0, row, 1),
                q.narrow(0, row, 1),
                k.narrow(0, row, 1),
                v.narrow(0, row, 1),
                there,
                judged.narrow(0, row, 1));
    }

    /** The same in float32 where it is narrower: mixers compute and remember in float32 or float64. */
    MixerInput widened() {
        if (q.dtype() != DType.BFLOAT16) {
            return this;
        }
        Tensor values = v.to(DType.FLOAT32);
        return new MixerInput(
                x.to(DType.FLOAT32),
                q.to(DType.FLOAT32),
                k.to(DType.FLOAT32),
                values,
                at,
                judged == v ? values : judged.to(DType.FLOAT32));
    }

    /** {@code wide}, a result of {@link #widened} inputs, in the dtype of these. */
    Tensor narrowed(Tensor wide) {
        return q.dtype() == DType.BFLOAT16 ? wide.to(DType.BFLOAT16) : wide;
    }

    /** A one for each token as its values [B, G, T, T]: what is made of them is a mixing matrix. */
    Tensor units() {
        return Tensors.eye(tokens(), v.dtype(), v.device()).expand(batch(), v.size(1), tokens(), tokens());
    }

    /** The same tokens with other values, whose width may differ from d; the choice of tokens stays as it was. */
    public MixerInput withValues(Tensor values) {
        return new MixerInput(x, q, k, values, at, judged);
    }
}
