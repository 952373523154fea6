package dev.lizard.tensor;

import static dev.lizard.tensor.Tensor.wrap;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;

/** Views of a {@link Tensor}, which share its memory, and copies of parts of it. */
abstract sealed class ShapeOps extends AttentionOps permits InPlaceOps {
    public Tensor view(long... shape) {
        return wrap(handle().view(shape));
    }

    /** A view where possible, else a copy. */
    public Tensor reshape(long... shape) {
        return wrap(handle().reshape(shape));
    }

    public Tensor transpose(int a, int b) {
        return wrap(handle().transpose(a, b));
    }

    /** Broadcast view; -1 keeps an axis. */
    public Tensor expand(long... shape) {
        return wrap(handle().expand(shape));
    }

    public Tensor unsqueeze(int axis) {
        return wrap(handle().unsqueeze(axis));
    }

    public Tensor squeeze(int axis) {
        return wrap(handle().squeeze(axis));
    }

    /** {@code length} entries of {@code axis} from {@code start}, as a view. */
    public Tensor narrow(int axis, long start, long length) {
        return wrap(handle().narrow(axis, start, length));
    }

    /** Entry {@code index} of {@code axis}, the axis removed, as a view. */
    public Tensor select(int axis, long index) {
        return wrap(handle().select(axis, index));
    }

    /** Sliding windows along {@code axis}: that axis becomes their count, a new last axis their {@code size}. */
    public Tensor unfold(int axis, long size, long step) {
        return wrap(handle().unfold(axis, size, step));
    }

    public Tensor contiguous() {
        return wrap(handle().contiguous());
    }

    public Tensor indexSelect(int axis, Tensor index) {
        return wrap(torch.index_select(handle(), axis, index.handle()));
    }

    public Tensor gather(int axis, Tensor index) {
        return wrap(torch.gather(handle(), axis, index.handle()));
    }

    /** Each entry of {@code axis} repeated {@code times} times in place: how key/value heads serve their group. */
    public Tensor repeatInterleave(long times, int axis) {
        try (LongOptional along = new LongOptional(axis);
                LongOptional size = new LongOptional()) {
            return wrap(handle().repeat_interleave(times, along, size));
        }
    }

    /** Pads with {@code value}: pairs (before, after), last axis first. */
    public Tensor pad(double value, long... amounts) {
        try (Scalar scalar = new Scalar(value)) {
            return wrap(torch.constant_pad_nd(handle(), amounts, scalar));
        }
    }

    public Tensor tril(int diagonal) {
        return wrap(torch.tril(handle(), diagonal));
    }

    public Tensor triu(int diagonal) {
        return wrap(torch.triu(handle(), diagonal));
    }
}
