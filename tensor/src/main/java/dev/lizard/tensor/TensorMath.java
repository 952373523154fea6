package dev.lizard.tensor;

import static dev.lizard.tensor.Tensor.wrap;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The mathematics of a {@link Tensor}: what the formulas of this project need, one method each, with gradients.
 *
 * <p>Binary operations broadcast. Names are libtorch's.
 */
public abstract sealed class TensorMath permits Tensor {
    private static final TensorOptional NO_TENSOR = new TensorOptional();
    private static final DoubleOptional DEFAULT_SCALE = new DoubleOptional();

    /** Result of {@link #topK}. */
    public record TopK(Tensor values, Tensor indices) {}

    abstract org.bytedeco.pytorch.Tensor handle();

    private Tensor self() {
        return (Tensor) this;
    }

    // ---- elementwise ----------------------------------------------------------------------------------------------

    public Tensor add(Tensor other) {
        return wrap(torch.add(handle(), other.handle()));
    }

    public Tensor sub(Tensor other) {
        return wrap(torch.sub(handle(), other.handle()));
    }

    public Tensor mul(Tensor other) {
        return wrap(torch.mul(handle(), other.handle()));
    }

    public Tensor div(Tensor other) {
        return wrap(torch.div(handle(), other.handle()));
    }

    public Tensor add(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.add(handle(), scalar));
        }
    }

    public Tensor mul(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.mul(handle(), scalar));
        }
    }

    public Tensor sub(double value) {
        return add(-value);
    }

    public Tensor div(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.div(handle(), scalar));
        }
    }

    public Tensor pow(double exponent) {
        try (Scalar scalar = new Scalar(exponent)) {
            return wrap(torch.pow(handle(), scalar));
        }
    }

    public Tensor exp() {
        return wrap(torch.exp(handle()));
    }

    public Tensor log() {
        return wrap(torch.log(handle()));
    }

    public Tensor neg() {
        return wrap(torch.neg(handle()));
    }

    public Tensor abs() {
        return wrap(torch.abs(handle()));
    }

    public Tensor sqrt() {
        return wrap(torch.sqrt(handle()));
    }

    public Tensor rsqrt() {
        return wrap(torch.rsqrt(handle()));
    }

    public Tensor square() {
        return wrap(torch.square(handle()));
    }

    public Tensor cos() {
        return wrap(torch.cos(handle()));
    }

    public Tensor sin() {
        return wrap(torch.sin(handle()));
    }

    /** Of a division whose quotient is rounded down: in [0, divisor) for a positive one. */
    public Tensor remainder(long divisor) {
        try (Scalar scalar = new Scalar(divisor)) {
            return wrap(torch.remainder(handle(), scalar));
        }
    }

    public Tensor sigmoid() {
        return wrap(torch.sigmoid(handle()));
    }

    /** {@code x sigmoid(x)}. */
    public Tensor silu() {
        return wrap(torch.silu(handle()));
    }

    /** {@code log(1 + exp(x))}. */
    public Tensor softplus() {
        return wrap(torch.softplus(handle()));
    }

    /** {@code log(sigmoid(x))}, exact for large negative x. */
    public Tensor logSigmoid() {
        return wrap(torch.log_sigmoid(handle()));
    }

    public Tensor maximum(Tensor other) {
        return wrap(torch.maximum(handle(), other.handle()));
    }

    public Tensor minimum(Tensor other) {
        return wrap(torch.minimum(handle(), other.handle()));
    }

    public Tensor clampMin(double low) {
        try (Scalar scalar = new Scalar(low)) {
            return wrap(torch.clamp_min(handle(), scalar));
        }
    }

    public Tensor clampMax(double high) {
        try (Scalar scalar = new Scalar(high)) {
            return wrap(torch.clamp_max(handle(), scalar));
        }
    }

    /** {@code value} where the bool {@code mask} is true (broadcast). */
    public Tensor maskedFill(Tensor mask, double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.masked_fill(handle(), mask.handle(), scalar));
        }
    }

    // ---- comparisons, bool results --------------------------------------------------------------------------------

    public Tensor lt(Tensor other) {
        return wrap(torch.lt(handle(), other.handle()));
    }

    public Tensor le(Tensor other) {
        return wrap(torch.le(handle(), other.handle()));
    }

    public Tensor ge(Tensor other) {
        return wrap(torch.ge(handle(), other.handle()));
    }

    public Tensor eq(Tensor other) {
        return wrap(torch.eq(handle(), other.handle()));
    }

    public Tensor lt(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.lt(handle(), scalar));
        }
    }

    public Tensor ge(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.ge(handle(), scalar));
        }
    }

    public Tensor eq(double value) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.eq(handle(), scalar));
        }
    }

    public Tensor logicalAnd(Tensor other) {
        return wrap(torch.logical_and(handle(), other.handle()));
    }

    public Tensor logicalOr(Tensor other) {
        return wrap(torch.logical_or(handle(), other.handle()));
    }

    public Tensor logicalNot() {
        return wrap(torch.logical_not(handle()));
    }

    /** True if no element is NaN or infinite. Waits for the device. */
    public boolean allFinite() {
        try (Scope scope = Scope.open()) {
            return wrap(wrap(torch.isfinite(handle())).handle().all()).item() != 0;
        }
    }

    // ---- reductions -----------------------------------------------------------------------------------------------

    public Tensor sum() {
        return wrap(torch.sum(handle()));
    }

    public Tensor sum(int axis, boolean keep) {
        return wrap(torch.sum(handle(), new long[] {axis}, keep, Engine.SAME_TYPE));
    }

    public Tensor mean() {
        return wrap(torch.mean(handle()));
    }

    public Tensor mean(int axis, boolean keep) {
        return wrap(torch.mean(handle(), new long[] {axis}, keep, Engine.SAME_TYPE));
    }

    public Tensor amax(int axis, boolean keep) {
        return wrap(torch.amax(handle(), new long[] {axis}, keep));
    }

    public Tensor amax() {
        return wrap(torch.amax(handle()));
    }

    public Tensor logSumExp(int axis, boolean keep) {
        return wrap(torch.logsumexp(handle(), new long[] {axis}, keep));
    }

    /** Inclusive running sum. */
    public Tensor cumsum(int axis) {
        return wrap(torch.cumsum(handle(), axis, Engine.SAME_TYPE));
    }

    /** Euclidean norm of all elements. */
    public Tensor norm() {
        return wrap(torch.linalg_vector_norm(handle()));
    }

    public Tensor argmax(int axis) {
        try (LongOptional along = new LongOptional(axis)) {
            return wrap(torch.argmax(handle(), along, false));
        }
    }

    /** The {@code k} largest along {@code axis}, largest first. */
    public TopK topK(long k, int axis) {
        try (T_TensorTensor_T pair = torch.topk(handle(), k, axis, true, true)) {
            return new TopK(
                    wrap(new org.bytedeco.pytorch.Tensor(pair.get0())),
                    wrap(new org.bytedeco.pytorch.Tensor(pair.get1())));
        }
    }

    // ---- linear algebra and networks ------------------------------------------------------------------------------

    /** Batched matrix product over the last two axes, the others broadcast. */
    public Tensor matmul(Tensor other) {
        return wrap(torch.matmul(handle(), other.handle()));
    }

    /** {@code x W^T + b} with weight [out, in]. */
    public Tensor linear(Tensor weight, @Nullable Tensor bias) {
        return wrap(Projection.of(handle(), weight.handle(), bias == null ? null : bias.handle()));
    }

    public Tensor softmax(int axis) {
        return wrap(torch.softmax(handle(), axis, Engine.SAME_TYPE));
    }

    public Tensor logSoftmax(int axis) {
        return wrap(torch.log_softmax(handle(), axis, Engine.SAME_TYPE));
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

    /** Softmax attention of queries [B, H, T, d] over keys and values [B, G, S, d], H a multiple of G, scale 1/sqrt(d). */
    public Tensor scaledDotProductAttention(Tensor keys, Tensor values, boolean causal) {
        return wrap(torch.scaled_dot_product_attention(
                handle(), keys.handle(), values.handle(), NO_TENSOR, 0.0, causal, DEFAULT_SCALE, true));
    }

    /** As above for the pairs where the bool {@code seen} [T, S] is true; each query must see a key. */
    public Tensor scaledDotProductAttention(Tensor keys, Tensor values, Tensor seen) {
        try (TensorOptional mask = new TensorOptional(seen.handle())) {
            return wrap(torch.scaled_dot_product_attention(
                    handle(), keys.handle(), values.handle(), mask, 0.0, false, DEFAULT_SCALE, true));
        }
    }

    // ---- in place -------------------------------------------------------------------------------------------------

    public Tensor add_(Tensor other) {
        handle().add_(other.handle());
        return self();
    }

    public Tensor mul_(Tensor other) {
        handle().mul_(other.handle());
        return self();
    }

    public Tensor div_(Tensor other) {
        handle().div_(other.handle());
        return self();
    }

    public Tensor add_(double value) {
        try (Scalar scalar = new Scalar(value)) {
            handle().add_(scalar);
        }
        return self();
    }

    public Tensor mul_(double value) {
        try (Scalar scalar = new Scalar(value)) {
            handle().mul_(scalar);
        }
        return self();
    }

    public Tensor sqrt_() {
        handle().sqrt_();
        return self();
    }

    /** {@code this += weight (other - this)}. */
    public Tensor lerp_(Tensor other, double weight) {
        try (Scalar scalar = new Scalar(weight)) {
            handle().lerp_(other.handle(), scalar);
        }
        return self();
    }

    /** {@code this += factor a b}. */
    public Tensor addcmul_(Tensor a, Tensor b, double factor) {
        try (Scalar scalar = new Scalar(factor)) {
            handle().addcmul_(a.handle(), b.handle(), scalar);
        }
        return self();
    }

    /** {@code this += factor a / b}. */
    public Tensor addcdiv_(Tensor a, Tensor b, double factor) {
        try (Scalar scalar = new Scalar(factor)) {
            handle().addcdiv_(a.handle(), b.handle(), scalar);
        }
        return self();
    }

    /** {@code this = keep this + factor a b}: [N, M] of [N, K] [K, M]; if {@code keep} is 0, this is not read. */
    public Tensor addmm_(Tensor a, Tensor b, double keep, double factor) {
        try (Scalar beta = new Scalar(keep);
                Scalar alpha = new Scalar(factor)) {
            handle().addmm_(a.handle(), b.handle(), beta, alpha);
        }
        return self();
    }

    /** {@code this += a b}, batched: [N, i, j] += [N, i, k] [N, k, j]. */
    public Tensor baddbmm_(Tensor a, Tensor b) {
        handle().baddbmm_(a.handle(), b.handle());
        return self();
    }

    public Tensor indexCopy_(int axis, Tensor index, Tensor source) {
        handle().index_copy_(axis, index.handle(), source.handle());
        return self();
    }
}
