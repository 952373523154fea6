package dev.lizard.tensor;

import static dev.lizard.tensor.Tensor.wrap;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Softmax and attention of a {@link Tensor}, and what else a Transformer is made of. */
abstract sealed class AttentionOps extends ProductOps permits ShapeOps {
    private static final TensorOptional NO_TENSOR = new TensorOptional();
    private static final DoubleOptional DEFAULT_SCALE = new DoubleOptional();

    public Tensor softmax(int axis) {
        return wrap(torch.softmax(handle(), axis, Engine.SAME_TYPE));
    }

    public Tensor logSoftmax(int axis) {
        return wrap(torch.log_softmax(handle(), axis, Engine.SAME_TYPE));
    }

    /** Softmax attention of queries [B, H, T, d] over keys and values [B, G, S, d], H a multiple of G, scale 1/sqrt(d). */
    public Tensor scaledDotProductAttention(Tensor keys, Tensor values, boolean causal) {
        return wrap(torch.scaled_dot_product_attention(
                handle(), keys.handle(), values.handle(), NO_TENSOR, 0.0, causal, DEFAULT_SCALE, true));
    }

    /** As above for the pairs where the bool {@code seen} [T, S], or [B, 1, T, S], is true; each query must see a key. */
    public Tensor scaledDotProductAttention(Tensor keys, Tensor values, Tensor seen) {
        try (TensorOptional mask = new TensorOptional(seen.handle())) {
            return wrap(torch.scaled_dot_product_attention(
                    handle(), keys.handle(), values.handle(), mask, 0.0, false, DEFAULT_SCALE, true));
        }
    }

    /** Root-mean-square norm over the last axis, times {@code weight} of that axis. */
    public Tensor rmsNorm(Tensor weight, double epsilon) {
        try (TensorOptional scale = new TensorOptional(weight.handle());
                DoubleOptional small = new DoubleOptional(epsilon)) {
            return wrap(torch.rms_norm(handle(), new long[] {handle().size(-1)}, scale, small));
        }
    }

    /** Rows of this table [V, D] for int64 {@code ids} of any shape: [..., D]. */
    public Tensor embedding(Tensor ids) {
        return wrap(torch.embedding(handle(), ids.handle()));
    }

    /** Mean of {@code -log softmax(logits)[target]} over rows: logits [N, V], int64 targets [N], -100 ignored. */
    public Tensor crossEntropy(Tensor targets) {
        return wrap(torch.cross_entropy_loss(handle(), targets.handle()));
    }

    /** As {@link #crossEntropy}, but of each row by itself [N]; 0 where ignored. */
    public Tensor crossEntropyRows(Tensor targets) {
        return wrap(torch.cross_entropy_loss(handle(), targets.handle(), NO_TENSOR, 0, -100, 0.0));
    }
}
