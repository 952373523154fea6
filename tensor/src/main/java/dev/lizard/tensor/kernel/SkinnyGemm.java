package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Products of up to 16 rows with bfloat16 matrices [N, K], with the norm before and the activation or residual after in
 * the same kernel ({@code rows.cu}): the projections and the MLP of a decoding step.
 */
public final class SkinnyGemm {
    private static final int MOST_ROWS = 16;
    private static final int PIECE = 64;
    private static final int COLUMNS = 8;
    private static final int MOST_STAGED = 160 * 1024;

    private enum Shape {
        PROJECT,
        GATED,
        ADDED
    }

    /**
     * How the blocks of a kernel share K, as {@code rows.cu} explains.
     *
     * @param warps of a block
     * @param early pieces of 64 that a warp reads before it waits for the kernel before
     * @param staged whether x goes through shared memory; else all pieces are early ones
     */
    record Plan(int warps, int early, boolean staged) {
        private static final Plan LONG = new Plan(8, 3, true);
        private static final int FEWEST_WARPS = 8;
        private static final int MOST_WARPS = 12;

        /** The fewest pieces a warp, then the fewest warps; with a norm, two pieces are too many for the registers. */
        static Plan of(int width, boolean norm) {
            int pieces = width / PIECE;
            int early = Math.max(1, Math.ceilDiv(pieces, MOST_WARPS));
            if (early > (norm ? 1 : 2)) {
                return LONG;
            }
            return new Plan(Math.max(FEWEST_WARPS, Math.ceilDiv(pieces, early)), early, false);
        }

        int sharedBytes(int count, int width) {
            return staged ? rowBytes(count, width) : 0;
        }

        /** Sums of two matrices and of squares, a warp each. */
        int staticBytes() {
            return warps * MOST_ROWS * (2 * COLUMNS + 1) * Float.BYTES;
        }
    }

    private record Made(Shape shape, boolean norm, Plan plan, Device device) {}

    private static final Map<Made, Kernel> MADE = new ConcurrentHashMap<>();

    /** x divided by its root mean square and weighted, and its products with each matrix. */
    public record Normed(Tensor x, List<Tensor> products) {}

    private SkinnyGemm() {}

    /** Whether rows x [B, 1, K] are served: few, bfloat16, on CUDA, without gradients. */
    public static boolean serves(Tensor x) {
        return x.isCuda()
                && x.dtype() == DType.BFLOAT16
                && x.rank() == 3
                && x.size(0) <= MOST_ROWS
                && x.size(1) == 1
                && !Gradients.enabled();
    }

    /** Whether {@code weight} [N, K] fits the kernel's tiles. */
    public static boolean serves(Tensor x, Tensor weight) {
        return weight.dtype() == DType.BFLOAT16
                && weight.isCuda()
                && weight.rank() == 2
                && weight.stride(0) == weight.size(1)
                && weight.stride(1) == 1
                && weight.address() % 16 == 0
                && Kernel.fits(
                        x.device(), need((int) x.size(0), Math.toIntExact(weight.size(1)), (int) weight.size(0)));
    }

    /** Of rows of K = {@code width} and a matrix of N = {@code columns}; with a norm, which takes the most. */
    static KernelNeed need(int count, int width, int columns) {
        Plan plan = Plan.of(width, true);
        return KernelNeed.of(KernelPart.ROWS, plan.sharedBytes(count, width) + plan.staticBytes())
                .onlyIf(
                        width % PIECE == 0 && columns % COLUMNS == 0 && rowBytes(count, width) <= MOST_STAGED,
                        "K a multiple of 64, N of 8, rows of at most 160 KiB together");
    }

    private static int rowBytes(int count, int width) {
        return count * (2 * width + 16);
    }

    /** {@code x' = norm(x)} and {@code x' W^T} for one to three matrices: x [B, 1, K]. */
    public static Normed project(Tensor x, Tensor norm, double epsilon, Tensor... weights) {
        Tensor rows = x.contiguous();
        Tensor normed = Tensors.empty(DType.BFLOAT16, x.device(), rows.shape());
        List<Tensor> products = new ArrayList<>();
        for (Tensor weight : weights) {
            products.add(Tensors.empty(DType.BFLOAT16, x.device(), x.size(0), 1, weight.size(0)));
        }
        launch(Shape.PROJECT, rows, norm, epsilon, normed, weights, products, null);
        return new Normed(normed, products);
    }

    /** {@code silu(norm(x) Wg^T) * (norm(x) Wu^T)}: x [B, 1, K] to [B, 1, N]. */
    public static Tensor gated(Tensor x, Tensor norm, double epsilon, Tensor gate, Tensor up) {
        Tensor y = Tensors.empty(DType.BFLOAT16, x.device(), x.size(0), 1, gate.size(0));
        launch(Shape.GATED, x.contiguous(), norm, epsilon, null, new Tensor[] {gate, up}, List.of(y), null);
        return y;
    }

    /** {@code residual + x W^T}: x [B, 1, K], residual [B, 1, N]. */
    public static Tensor added(Tensor x, Tensor weight, Tensor residual) {
        Tensor y = Tensors.empty(DType.BFLOAT16, x.device(), x.size(0), 1, weight.size(0));
        launch(Shape.ADDED, x.contiguous(), null, 0, null, new Tensor[] {weight}, List.of(y), residual.contiguous());
        return y;
    }

    private static void launch(
            Shape shape,
            Tensor x,
            @Nullable Tensor norm,
            double epsilon,
            @Nullable Tensor normed,
            Tensor[] weights,
            List<Tensor> products,
            @Nullable Tensor residual) {
        int count = (int) x.size(0);
        int width = (int) x.size(2);
        int columns = products.stream().mapToInt(y -> (int) y.size(2)).sum();
        Plan plan = Plan.of(width, norm != null);
        Kernel kernel = MADE.computeIfAbsent(new Made(shape, norm != null, plan, x.device()), SkinnyGemm::make);
        kernel.launch(
                Dim.of(columns / COLUMNS),
                Dim.of(32 * plan.warps),
                plan.sharedBytes(count, width),
                x,
                count,
                width,
                norm,
                (float) epsilon,
                normed,
                weights[0],
                weights.length > 1 ? weights[1] : null,
                weights.length > 2 ? weights[2] : null,
                (int) products.get(0).size(2),
                products.size() > 1 ? (int) products.get(1).size(2) : 0,
                products.get(0),
                products.size() > 1 ? products.get(1) : null,
                products.size() > 2 ? products.get(2) : null,
                residual,
                products.size() > 2 ? (int) products.get(2).size(2) : 0);
    }

    private static Kernel make(Made made) {
        KernelSource source = KernelSource.of("rows.cu")
                .define("NORM", made.norm ? 1 : 0)
                .define("GLU", made.shape == Shape.GATED ? 1 : 0)
                .define("RESIDUAL", made.shape == Shape.ADDED ? 1 : 0)
                .define("WARPS", made.plan.warps)
                .define("EARLY", made.plan.early)
                .define("STAGED", made.plan.staged ? 1 : 0);
        return Kernel.of(source, "rows", made.device).overlapping();
    }
}
