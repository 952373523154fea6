package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/** e = exp(l) and z = log Σ exp s of the few numbers a head has, and their gradients, in a launch each ({@code small.cu}). */
public final class HeadNumbers {
    /**
     * Values of l and s, or gradients by them.
     *
     * @param first [H]
     * @param second [H], or [H, m] or [1, m] as s has it; null without s
     */
    public record Pair(Tensor first, @Nullable Tensor second) {}

    private HeadNumbers() {}

    /** Whether the kernels take l [H] and s [H, m], [1, m] or null: float32, contiguous, on CUDA. */
    public static boolean serve(Tensor l, @Nullable Tensor s) {
        return dense(l) && (s == null || dense(s)) && SmallKernels.serve(l.dtype(), l.device());
    }

    private static boolean dense(Tensor x) {
        return x.dtype() == DType.FLOAT32 && x.isContiguous();
    }

    /** e and z. */
    public static Pair logs(Tensor l, @Nullable Tensor s) {
        Tensor e = like(l);
        Tensor z = s == null ? null : like(l);
        launch("headLogs", l, s, l, s, e, z);
        return new Pair(e, z);
    }

    /** Gradients by l and s, of those by e and z. */
    public static Pair slopes(Tensor e, @Nullable Tensor s, Tensor de, @Nullable Tensor dz) {
        Tensor dl = like(e);
        Tensor ds = s == null ? null : like(s);
        launch("headLogSlopes", e, s, e, s, de.contiguous(), dz == null ? null : dz.contiguous(), dl, ds);
        return new Pair(dl, ds);
    }

    private static void launch(String function, Tensor heads, @Nullable Tensor s, @Nullable Tensor... tensors) {
        @Nullable Object[] arguments = new @Nullable Object[tensors.length + 3];
        System.arraycopy(tensors, 0, arguments, 0, tensors.length);
        arguments[tensors.length] = (int) heads.count();
        arguments[tensors.length + 1] = s == null ? 0 : (int) s.size(0);
        arguments[tensors.length + 2] = s == null ? 0 : (int) s.size(1);
        SmallKernels.rows(function, heads.device(), 1, 1, arguments);
    }

    private static Tensor like(Tensor x) {
        return Tensors.empty(x.dtype(), x.device(), x.shape());
    }
}
