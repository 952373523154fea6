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
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * One token of the joint Lizard mixer in one kernel; {@code decode.cu} has the formulas and the layout of its work.
 * The state it updates is that of the mixer: a ring of rotated keys and values and the matrix [S | z] of each head.
 */
public final class DecodeKernel {
    private static final int MOST_WINDOW = 8192;
    /** As many as the card has multiprocessors, about: a grid below that leaves some idle. */
    private static final int SMALL_GRID = 132;

    private static final int EIGHT = 8; // lanes hold a key
    private static final int ALIGNMENT = 16;
    private static final int ARRAYS = 9; // of static shared memory

    /**
     * How blocks share the work and what they hold in registers; {@code decode.cu} says why.
     *
     * @param threads of a block
     * @param slices of a head's columns, each a block
     * @param keys of the ring that eight threads hold
     * @param values of the ring that a thread holds
     */
    record Form(int threads, int slices, int keys, int values) {
        private static final int MOST_SLICES = 4;

        /** @param heads of all sequences together */
        static Form of(int headWidth, int halfFeatures, int window, long heads) {
            int slices = MOST_SLICES;
            while (slices > 1 && heads * slices > SMALL_GRID) {
                slices /= 2;
            }
            int threads = slices == 1 && headWidth == 128 && halfFeatures <= 64 ? 512 : 256;
            int groups = threads * slices / headWidth;
            int room = 2 * halfFeatures / groups <= 32 ? 32 : 16; // beside the rows of S
            return new Form(
                    threads,
                    slices,
                    Math.min(Math.ceilDiv(window, threads / EIGHT), room * EIGHT / headWidth),
                    Math.min(Math.ceilDiv(window, groups), room));
        }

        /** Few blocks fetch all they can before they wait for the kernel before. */
        boolean late() {
            return slices == 1;
        }

        int sharedBytes(int headWidth, int window) {
            return 4 * Math.max(window, threads * slices / headWidth * values);
        }

        /** What the kernel declares itself, each array rounded up to 16 bytes. */
        int staticBytes(int headWidth, int halfFeatures) {
            int ofThreads = 3 * threads; // parts of two products with maps, sums
            int ofFeatures = 6 * halfFeatures + halfFeatures / 16 + 1;
            int rest = headWidth + headWidth / slices + threads / 32;
            return 4 * (ofThreads + ofFeatures + rest) + ARRAYS * ALIGNMENT;
        }
    }

    /** What a kernel is compiled for. */
    private record Made(int headWidth, int halfFeatures, int group, DType dtype, Form form, Device device) {}

    private static final Map<Made, DecodeKernel> MADE = new ConcurrentHashMap<>();

    private final Kernel tick;
    private final Kernel step;
    private final Kernel overlapping;

    /**
     * Weights of the mixer, float32.
     *
     * @param gateWeight [H, D]
     * @param gateBias [H], or null
     * @param sink [H], or null
     * @param share the window's factor e [H]
     * @param queryMap [H, d, f/2]
     * @param keyMap [G, d, R f/2]
     */
    public record Maps(
            Tensor gateWeight,
            @Nullable Tensor gateBias,
            @Nullable Tensor sink,
            Tensor share,
            Tensor queryMap,
            Tensor keyMap) {}

    /**
     * The state, float32, contiguous.
     *
     * @param keys ring [B, G, w, d]
     * @param values ring [B, G, w, d]
     * @param matrix [B, H, f, d + 1]
     */
    public record Memory(Tensor keys, Tensor values, Tensor matrix) {}

    private DecodeKernel(Made made) {
        KernelSource source = KernelSource.of("decode.cu")
                .define("D", made.headWidth)
                .define("HALF_F", made.halfFeatures)
                .define("R", made.group)
                .define("BF16", made.dtype == DType.BFLOAT16 ? 1 : 0)
                .define("THREADS", made.form.threads)
                .define("SLICES", made.form.slices)
                .define("KEYS", made.form.keys)
                .define("VALUES", made.form.values)
                .define("LATE", made.form.late() ? 1 : 0);
        tick = Kernel.of(source, "decode_tick", made.device);
        step = Kernel.of(source, "decode_step", made.device);
        overlapping = step.overlapping();
    }

    /** Whether the kernel serves heads of d, f/2 = {@code halfFeatures} and this window on {@code device}. */
    public static boolean serves(int headWidth, int halfFeatures, int window, DType dtype, Device device) {
        return device.isCuda() && Kernel.fits(device, need(headWidth, halfFeatures, window, dtype));
    }

    /** Of any number of heads: with the most threads, which few do not have. */
    static KernelNeed need(int headWidth, int halfFeatures, int window, DType dtype) {
        boolean served = (headWidth == 64 || headWidth == 128)
                && (halfFeatures == 32 || halfFeatures == 64 || halfFeatures == 128)
                && window <= MOST_WINDOW
                && (dtype == DType.BFLOAT16 || dtype == DType.FLOAT32);
        int most = served
                ? LongStream.of(1, SMALL_GRID / 2, SMALL_GRID + 1)
                        .mapToObj(heads -> Form.of(headWidth, halfFeatures, window, heads))
                        .mapToInt(
                                form -> form.sharedBytes(headWidth, window) + form.staticBytes(headWidth, halfFeatures))
                        .max()
                        .orElse(0)
                : 0;
        return KernelNeed.of(KernelPart.DECODE, most)
                .onlyIf(served, "bfloat16 or float32, d 64 or 128, f/2 of 32, 64 or 128, w up to 8192");
    }

    /**
     * Queues one step of B sequences; the state is updated.
     *
     * @param x layer input [B, 1, D]
     * @param q before RoPE [B, H, 1, d]
     * @param k before RoPE [B, G, 1, d]
     * @param v [B, G, 1, d]
     * @param clock where the rows stand, the same object for all layers of the step
     * @return [B, H, 1, d] in the type of q
     */
    public static Tensor step(Tensor x, Tensor q, Tensor k, Tensor v, Maps maps, Memory memory, DecodeClock clock) {
        long batch = q.size(0);
        long heads = q.size(1);
        long groups = k.size(1);
        int headWidth = (int) q.size(3);
        int halfFeatures = (int) maps.queryMap.size(2);
        Form form = Form.of(headWidth, halfFeatures, clock.window(), batch * heads);
        Made made = new Made(headWidth, halfFeatures, (int) (heads / groups), q.dtype(), form, q.device());
        DecodeKernel kernel = MADE.computeIfAbsent(made, DecodeKernel::new);
        boolean ticked = clock.show(kernel::tick);
        Tensor query = rows(q);
        Tensor key = rows(k);
        Tensor value = rows(v);
        Tensor y = Tensors.empty(q.dtype(), q.device(), batch, heads, 1, q.size(3));
        Kernel step = ticked ? kernel.step : kernel.overlapping; // it reads the clock before it waits
        step.launch(
                Dim.of((int) heads * form.slices, (int) batch),
                Dim.of(form.threads),
                form.sharedBytes(headWidth, clock.window()),
                query,
                key,
                value,
                x,
                stride(query),
                stride(key),
                stride(value),
                stride(x),
                (int) x.size(2),
                maps.gateWeight,
                maps.gateBias,
                maps.sink,
                maps.share,
                maps.queryMap,
                maps.keyMap,
                memory.keys,
                memory.values,
                memory.matrix,
                clock.tables(),
                clock.now(),
                clock.counters(batch * (groups + heads)),
                y,
                clock.window());
        return y;
    }

    private void tick(Tensor read, Tensor frequencies, double scale, int window, Tensor tables, Tensor now) {
        int pairs = (int) frequencies.count();
        tick.launch(Dim.of((int) read.count()), Dim.of(pairs), 0, read, frequencies, scale, window, tables, now);
    }

    /** With the heads of a sequence side by side, each at a multiple of 16 bytes, as the kernel reads them. */
    static Tensor rows(Tensor heads) {
        boolean together = heads.stride(3) == 1 && (heads.size(1) == 1 || heads.stride(1) == heads.size(3));
        boolean even = heads.stride(0) * heads.dtype().bytes() % ALIGNMENT == 0;
        Tensor rows = together && even ? heads : heads.contiguous();
        return rows.address() % ALIGNMENT == 0 ? rows : rows.copy();
    }

    static int stride(Tensor rows) {
        return Math.toIntExact(rows.stride(0));
    }
}
