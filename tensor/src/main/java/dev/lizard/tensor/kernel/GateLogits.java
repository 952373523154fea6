package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One logit a head and token, z = x Wᵀ with x [B, T, D] bfloat16 and W [H, D] float32, and its gradients, in kernels that
 * read x once and widen it on the way ({@code logits.cu}). Sums are float32 and always in the same order.
 */
public final class GateLogits {
    private static final int MOST_HEADS = 16; // of a group
    private static final int WARPS = 8;
    private static final int BLOCKS = 528;
    private static final int PARTS = 132;
    /** Columns of a thread and most columns of a block of logitsWeights, and about how many threads the latter has. */
    private static final int OWN = 8;

    private static final int COLUMNS = 640;
    private static final int THREADS = 288;
    private static final int MOST_SHARED = 160 * 1024;

    private static final Map<Made, GateLogits> MADE = new ConcurrentHashMap<>();

    private record Made(int heads, Device device) {}

    private final Kernel forward;
    private final Kernel inputs;
    private final Kernel weights;
    private final Kernel gates;
    private final Kernel slopes;
    private final int group;
    private final int groups;
    private final int rows;

    private GateLogits(Made made) {
        groups = groups(made.heads);
        group = group(made.heads);
        rows = group <= 12 ? 4 : 2;
        KernelSource source =
                KernelSource.of("logits.cu").define("GROUP", group).define("ROWS", rows);
        forward = Kernel.of(source, "logitsForward", made.device);
        inputs = Kernel.of(source, "logitsInputs", made.device);
        weights = Kernel.of(source, "logitsWeights", made.device);
        gates = Kernel.of(source, "logGates", made.device);
        slopes = Kernel.of(source, "logGateSlopes", made.device);
    }

    private static int groups(int heads) {
        return Math.ceilDiv(heads, MOST_HEADS);
    }

    private static int group(int heads) {
        return Math.ceilDiv(heads, groups(heads));
    }

    /** Whether the kernels take over x [B, T, D] and W [H, D]. */
    public static boolean serve(Tensor x, Tensor weight) {
        KernelNeed need = need(x.dtype(), (int) weight.size(0), weight.size(1));
        return weight.dtype() == DType.FLOAT32 && Kernel.fits(x.device(), need) && dense(x) && dense(weight);
    }

    static KernelNeed need(DType model, int heads, long width) {
        int group = group(heads);
        long weights = group * width * Float.BYTES; // logitsWeights holds slopes of some, then of biases
        int parts = (group * COLUMNS + Math.ceilDiv(group, 4) * 4) * Float.BYTES;
        return KernelNeed.of(KernelPart.LOGITS, Math.toIntExact(Math.max(weights, parts)))
                .onlyIf(
                        model == DType.BFLOAT16 && width % OWN == 0 && weights <= MOST_SHARED,
                        "bfloat16, D a multiple of 8, weights of a group of heads of at most 160 KiB");
    }

    private static boolean dense(Tensor x) {
        return x.isContiguous() && x.address() % 16 == 0;
    }

    private static GateLogits of(Tensor weight) {
        return of(weight.size(0), weight.device());
    }

    private static GateLogits of(long heads, Device device) {
        return MADE.computeIfAbsent(new Made((int) heads, device), GateLogits::new);
    }

    /** z [B, T, H], float32. */
    public static Tensor forward(Tensor x, Tensor weight) {
        GateLogits made = of(weight);
        Tensor z = Tensors.empty(DType.FLOAT32, x.device(), x.size(0), x.size(1), weight.size(0));
        int count = rows(x);
        made.forward.launch(
                Dim.of(made.blocks(count), 1, made.groups),
                Dim.of(32 * WARPS),
                made.shared(weight),
                x,
                weight,
                z,
                count,
                (int) x.size(2),
                (int) weight.size(0));
        return z;
    }

    /** dx [B, T, D], bfloat16, of dz [B, T, H]. */
    public static Tensor inputs(Tensor dz, Tensor weight) {
        GateLogits made = of(weight);
        Tensor dx = Tensors.empty(DType.BFLOAT16, dz.device(), dz.size(0), dz.size(1), weight.size(1));
        int count = rows(dz);
        made.inputs.launch(
                Dim.of(made.blocks(count)),
                Dim.of(32 * WARPS),
                made.shared(weight),
                dz,
                weight,
                dx,
                count,
                (int) weight.size(1),
                (int) weight.size(0));
        return dx;
    }

    /** log γ = max(log σ(z + bias), floor) [B, H, T] of z [B, T, H]; bias [H] or null. */
    public static Tensor logGates(Tensor z, @Nullable Tensor bias, double floor) {
        Tensor g = Tensors.empty(DType.FLOAT32, z.device(), z.size(0), z.size(2), z.size(1));
        flat(of(z.size(2), z.device()).gates, g, floor, z, bias, g);
        return g;
    }

    /** dz [B, T, H] of d log γ and log γ [B, H, T]. */
    public static Tensor slopes(Tensor dg, Tensor g, double floor) {
        Tensor dz = Tensors.empty(DType.FLOAT32, g.device(), g.size(0), g.size(2), g.size(1));
        flat(of(g.size(1), g.device()).slopes, g, floor, dg, g, dz);
        return dz;
    }

    /** Launches {@code kernel} on three tensors, with a thread for each number of g [B, H, T]. */
    private static void flat(
            Kernel kernel, Tensor g, double floor, Tensor first, @Nullable Tensor second, Tensor third) {
        int blocks = Math.toIntExact(Math.ceilDiv(g.count(), 32 * WARPS));
        int tokens = (int) g.size(2);
        int heads = (int) g.size(1);
        kernel.launch(
                Dim.of(blocks), Dim.of(32 * WARPS), 0, first, second, third, g.count(), tokens, heads, (float) floor);
    }

    /**
     * Gradients of weight and bias.
     *
     * @param weight [H, D], float32
     * @param bias [H]
     */
    public record Slopes(Tensor weight, Tensor bias) {}

    /** Of dz [B, T, H] and x [B, T, D]. */
    public static Slopes weights(Tensor dz, Tensor x, Tensor weight) {
        GateLogits made = of(weight);
        long heads = weight.size(0);
        long columns = weight.size(1);
        long stride = heads * columns + Math.ceilDiv(heads, 4) * 4; // whole words for the sum
        int own = (int) columns / OWN; // threads that share a row
        int pieces = Math.ceilDiv(own, COLUMNS / OWN);
        int threads = Math.ceilDiv(own, pieces);
        Tensor parts = Tensors.empty(DType.FLOAT32, dz.device(), PARTS, stride);
        made.weights.launch(
                Dim.of(PARTS, pieces, made.groups),
                Dim.of(threads, Math.max(1, THREADS / threads)),
                0,
                x,
                dz,
                parts,
                rows(x),
                (int) weight.size(1),
                (int) weight.size(0),
                (int) stride);
        Tensor sums = parts.sum(0, false);
        return new Slopes(
                sums.narrow(0, 0, heads * columns).view(heads, columns), sums.narrow(0, heads * columns, heads));
    }

    private static int rows(Tensor x) {
        return Math.toIntExact(x.size(0) * x.size(1));
    }

    private int blocks(int count) {
        return Math.clamp(Math.ceilDiv(count, WARPS * rows), 1, BLOCKS);
    }

    private int shared(Tensor weight) {
        return Math.toIntExact(group * weight.size(1) * 4);
    }
}
