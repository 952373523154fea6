package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Kernel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Steps of a network that move much memory and compute little, each as one CUDA kernel with a gradient of its own
 * ({@code training.cu}): where composed operations pass over the data several times, these do once. Arithmetic is
 * float32, results are in the type of the input.
 */
public final class FusedOps {
    /**
     * A residual stream and its norm.
     *
     * @param aside the norm once more, for a second reader on a tape: no kernel has to add its gradient to the first's
     */
    public record Normed(Tensor stream, Tensor normed, Tensor aside) {}

    /** A sum of squares, float32, and the gradient of {@code factor / 2} times it. */
    public record Squares(Tensor sum, Tensor gradient) {}

    private FusedOps() {}

    /** Whether these kernels can take {@code x} now, and {@code tape} their gradients. */
    public static boolean serve(Tensor x, Tape tape) {
        return tape.carries() && TrainingKernels.serve(x);
    }

    /** Whether those without a tape can take {@code x}. */
    public static boolean serve(Tensor x) {
        return TrainingKernels.serve(x);
    }

    /** Whether these kernels take rows of {@code width} numbers. */
    public static boolean serve(DType dtype, long width, Device device) {
        return Kernel.fits(device, TrainingKernels.need(dtype, width));
    }

    /** Whether there are kernels for tensors of this kind whose last axis fits them. */
    public static boolean serve(DType dtype, Device device) {
        return TrainingKernels.serve(dtype, device);
    }

    /** {@code silu(g) ∘ u} [..., F] of g and u side by side, [..., 2 F]. */
    public static Tensor gate(Tensor both, Tape tape) {
        return tape.apply(new Gate(), both.contiguous());
    }

    private record Gate() implements Tape.Operation {
        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            Tensor both = inputs.getFirst();
            long[] shape = both.shape();
            shape[shape.length - 1] /= 2;
            Tensor y = Tensors.empty(both.dtype(), both.device(), shape);
            TrainingKernels.flat("gateForward", y, both, y, y.count(), width(y));
            return List.of(y);
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            Tensor both = inputs.getFirst();
            Tensor dy = arrived(gradients, 0);
            Tensor d = like(both);
            TrainingKernels.flat("gateBackward", dy, both, dy, d, dy.count(), width(dy));
            return List.of(d);
        }
    }

    /** RMS norm of x [..., D] times the frozen {@code weight} [D]; x goes on as the stream, cut from its graph. */
    public static Normed norm(Tensor x, Tensor weight, double epsilon, Tape tape) {
        return normed(tape.apply(new Norm((float) epsilon), List.of(x.contiguous(), weight)));
    }

    /** The same of {@code x + residual}, which goes on as the stream. */
    public static Normed norm(Tensor x, Tensor residual, Tensor weight, double epsilon, Tape tape) {
        return normed(tape.apply(new Norm((float) epsilon), List.of(x.contiguous(), weight, residual.contiguous())));
    }

    private static Normed normed(List<Tensor> outputs) {
        return new Normed(outputs.get(0), outputs.get(1), outputs.get(2));
    }

    /** Inputs x, weight and perhaps a residual; outputs stream, norm and norm. */
    private static final class Norm implements Tape.Operation {
        private final float epsilon;
        private @Nullable Tensor stream;
        private @Nullable Tensor inverse;

        Norm(float epsilon) {
            this.epsilon = epsilon;
        }

        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            Tensor x = inputs.get(0);
            Tensor residual = inputs.size() > 2 ? inputs.get(2) : null;
            long rows = x.count() / x.size(-1);
            Tensor y = like(x);
            Tensor sum = residual == null ? x.detach() : like(x);
            Tensor scale = Tensors.empty(DType.FLOAT32, x.device(), rows);
            TrainingKernels.byRow(
                    "normForward", x, rows, x, residual, inputs.get(1), sum, y, scale, (int) rows, width(x), epsilon);
            stream = kept.adopt(sum.detach());
            inverse = kept.adopt(scale);
            return List.of(sum, y, y.detach());
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            List<@Nullable Tensor> result = new ArrayList<>();
            Tensor dStream = gradients.get(0);
            Tensor dNormed = gradients.get(1) == null ? gradients.get(2) : gradients.get(1);
            Tensor dAside = gradients.get(1) == null ? null : gradients.get(2);
            Tensor dx = dStream;
            if (dNormed != null) {
                Tensor x = inputs.get(0);
                long rows = x.count() / x.size(-1);
                dx = like(x);
                TrainingKernels.byRow(
                        "normBackward",
                        x,
                        rows,
                        stream,
                        inputs.get(1),
                        inverse,
                        dNormed.contiguous(),
                        dAside == null ? null : dAside.contiguous(),
                        dStream == null ? null : dStream.contiguous(),
                        dx,
                        (int) rows,
                        width(x));
            }
            result.add(dx);
            result.add(null);
            if (inputs.size() > 2) {
                result.add(dx);
            }
            return result;
        }
    }

    /** Rotated queries and keys, and the values as they were. */
    public record Rotated(Tensor q, Tensor k, Tensor v) {}

    /**
     * Rotates pairs (i, i + d/2) of q [B, H, T, d] and k [B, G, T, d], views of [B, T, n, d], by cos and sin [T, d],
     * float32. The values go with them because all three are parts of one product, which is walked back once.
     */
    public static Rotated rotate(Tensor q, Tensor k, Tensor v, Tensor cosines, Tensor sines, Tape tape) {
        List<Tensor> all = tape.apply(new Rotation(), List.of(together(q), together(k), v, cosines, sines));
        return new Rotated(all.get(0), all.get(1), all.get(2));
    }

    /** x [B, n, T, d], in memory as [B, T, n, d] whose rows of heads lie together. */
    private static Tensor together(Tensor x) {
        Tensor rows = x.transpose(1, 2);
        boolean together = rows.stride(3) == 1
                && rows.stride(2) == rows.size(3)
                && rows.stride(0) == rows.size(1) * rows.stride(1)
                && rows.stride(1) % TrainingKernels.lanes(x) == 0
                && rows.address() % 16 == 0;
        return together ? x : rows.contiguous().transpose(1, 2);
    }

    private record Rotation() implements Tape.Operation {
        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            return List.of(
                    turned(inputs.get(0), inputs, 1).detach(),
                    turned(inputs.get(1), inputs, 1).detach(),
                    inputs.get(2).detach());
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            List<@Nullable Tensor> result = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Tensor gradient = gradients.get(i);
                result.add(gradient == null ? null : turned(together(gradient), inputs, -1));
            }
            result.add(gradients.get(2));
            result.add(null);
            result.add(null);
            return result;
        }

        private static Tensor turned(Tensor heads, List<Tensor> inputs, float sign) {
            Tensor x = heads.transpose(1, 2); // [B, T, n, d]
            Tensor y = like(x);
            TrainingKernels.flat(
                    "rotate",
                    x,
                    x,
                    y,
                    inputs.get(3),
                    inputs.get(4),
                    x.count() / 2 / TrainingKernels.lanes(x),
                    (int) x.size(2),
                    width(x),
                    (int) x.size(1),
                    x.stride(1),
                    sign);
            return y.transpose(1, 2);
        }
    }

    /**
     * Negative log-likelihood of int64 {@code targets} [N] under {@code logits} [N, V], float32 [N], 0 where a target
     * is negative. The logits become the gradient of {@code factor / count} times the sum of it.
     *
     * @param count a float32 scalar on the device
     */
    public static Tensor crossEntropy_(Tensor logits, Tensor targets, Tensor count, double factor) {
        Tensor loss = Tensors.empty(DType.FLOAT32, logits.device(), logits.size(0));
        TrainingKernels.byBlock(
                "crossEntropy", logits, logits.size(0), logits, targets, loss, width(logits), count, (float) factor);
        return loss;
    }

    /** Sum of (y − t)², both contiguous and of one shape, and the gradient by y of {@code factor / 2} times it. */
    public static Squares squares(Tensor y, Tensor t, double factor) {
        Tensor gradient = like(y);
        Tensor sums = Tensors.empty(DType.FLOAT32, y.device(), TrainingKernels.blocks(y));
        TrainingKernels.flat("squaredError", y, y, t, gradient, sums, y.count(), (float) factor);
        return new Squares(sums.sum(), gradient);
    }

    private static Tensor arrived(List<@Nullable Tensor> gradients, int index) {
        Tensor gradient = gradients.get(index);
        if (gradient == null) {
            throw new IllegalStateException("no gradient arrived");
        }
        return gradient.contiguous();
    }

    private static Tensor like(Tensor x) {
        return Tensors.empty(x.dtype(), x.device(), x.shape());
    }

    private static int width(Tensor x) {
        return Math.toIntExact(x.size(-1));
    }
}
