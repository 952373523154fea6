package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;

/** Adds many small matrices to others in one launch ({@code small.cu}). */
public final class Sums {
    /** So many in one launch. */
    public static final int MOST = 100; // as in small.cu

    private static final int BYTES = MOST * (2 * 8 + 4 * 4);
    private static final int COLUMNS = 16;

    private Sums() {}

    /** Whether the kernel can add {@code from} [..., n], float32 or bfloat16, to the contiguous float32 {@code to}. */
    public static boolean serve(Tensor to, Tensor from) {
        return to.dtype() == DType.FLOAT32
                && (from.dtype() == DType.FLOAT32 || from.dtype() == DType.BFLOAT16)
                && from.isCuda()
                && to.count() == from.count()
                && to.count() < 1L << 30
                && to.isContiguous()
                && (from.isContiguous() || (from.rank() == 2 && (from.stride(1) == 1 || from.size(1) == 1)))
                && SmallKernels.serve(to.dtype(), to.device());
    }

    /** {@code to += from} for each of at most {@link #MOST} pairs that are {@linkplain #serve served}, no place twice. */
    public static void add(List<Tensor> to, List<Tensor> from) {
        Device device = to.getFirst().device();
        try (Arena arena = Arena.ofConfined()) {
            ProblemWords problem = new ProblemWords(arena, BYTES);
            for (int i = 0; i < to.size(); i++) {
                Tensor x = from.get(i);
                int columns = (int) (x.rank() == 2 ? x.size(1) : x.count());
                int stride = (int) (x.rank() == 2 ? x.stride(0) : x.count());
                problem.pointers(to.get(i), x);
                problem.ints((int) (x.count() / columns), columns, stride, x.dtype() == DType.BFLOAT16 ? 1 : 0);
            }
            for (int i = to.size(); i < MOST; i++) {
                problem.number(0).number(0).ints(0, 1, 0, 0);
            }
            SmallKernels.rows("addSums", device, COLUMNS, to.size(), problem.done());
        }
    }
}
