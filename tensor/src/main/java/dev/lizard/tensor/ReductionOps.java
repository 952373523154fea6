package dev.lizard.tensor;

import static dev.lizard.tensor.Tensor.wrap;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/** Sums, extremes and norms of a {@link Tensor}, over all elements or along an axis. */
abstract sealed class ReductionOps extends ComparisonOps permits ProductOps {
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

    public Tensor argmax(int axis) {
        try (LongOptional along = new LongOptional(axis)) {
            return wrap(torch.argmax(handle(), along, false));
        }
    }

    /** Euclidean norm of all elements. */
    public Tensor norm() {
        return wrap(torch.linalg_vector_norm(handle()));
    }

    public Tensor logSumExp(int axis, boolean keep) {
        return wrap(torch.logsumexp(handle(), new long[] {axis}, keep));
    }

    /** Inclusive running sum. */
    public Tensor cumsum(int axis) {
        return wrap(torch.cumsum(handle(), axis, Engine.SAME_TYPE));
    }

    /** The {@code k} largest along {@code axis}, largest first. */
    public Tensor.TopK topK(long k, int axis) {
        try (T_TensorTensor_T pair = torch.topk(handle(), k, axis, true, true)) {
            return new Tensor.TopK(
                    wrap(new org.bytedeco.pytorch.Tensor(pair.get0())),
                    wrap(new org.bytedeco.pytorch.Tensor(pair.get1())));
        }
    }
}
