package dev.lizard.tensor.cuda;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One token of the joint Lizard mixer in one kernel; {@code decode.cu} has the formulas and the layout of its work.
 * The state it updates is that of the mixer: a ring of rotated keys and values and the matrix [S | z] of each head.
 */
public final class DecodeKernel {
    private static final int MOST_WINDOW = 8192;
    private static final int SMALL_GRID = 264;

    /** What a kernel is compiled for. */
    private record Made(int headWidth, int half, int group, DType dtype, int threads, Device device) {}

    private static final Map<Made, DecodeKernel> MADE = new ConcurrentHashMap<>();

    private final Kernel tick;
    private final Kernel step;
    private final int threads;

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
                .define("F", made.half)
                .define("R", made.group)
                .define("BF16", made.dtype == DType.BFLOAT16 ? 1 : 0)
                .define("THREADS", made.threads);
        tick = Kernel.of(source, "decode_tick", made.device);
        step = Kernel.of(source, "decode_step", made.device).overlapping();
        threads = made.threads;
    }

    /**
     * Whether there is a kernel for such a mixer here: CUDA with NVRTC, d of 64 or 128, f/2 of 32, 64 or 128, bfloat16
     * or float32.
     */
    public static boolean serves(int headWidth, int half, int window, DType dtype, Device device) {
        boolean shape = (headWidth == 64 || headWidth == 128)
                && (half == 32 || half == 64 || half == 128)
                && window <= MOST_WINDOW
                && (dtype == DType.BFLOAT16 || dtype == DType.FLOAT32);
        return shape && device.isCuda() && Compiler.PRESENT;
    }

    /** Whether kernels can be compiled here. */
    static boolean compiles() {
        return Compiler.PRESENT;
    }

    /** Looked for once. */
    private static final class Compiler {
        static final boolean PRESENT = present();

        private static boolean present() {
            try {
                Nvrtc.get();
                return true;
            } catch (LizardException e) {
                return false;
            }
        }
    }

    /**
     * Queues one step of B sequences; the state is updated.
     *
     * @param x layer input [B, 1, D]
     * @param q before RoPE [B, H, 1, d]
     * @param k before RoPE [B, G, 1, d]
     * @param v [B, G, 1, d]
     * @param position of the token
     * @param seen tokens that the state has seen
     * @return [B, H, 1, d] in the type of q
     */
    public static Tensor step(
            Tensor x,
            Tensor q,
            Tensor k,
            Tensor v,
            Maps maps,
            Memory memory,
            DecodeClock clock,
            long position,
            long seen) {
        long batch = q.size(0);
        long heads = q.size(1);
        long groups = k.size(1);
        int threads = batch * heads < SMALL_GRID ? 512 : 256;
        Made made = new Made(
                (int) q.size(3), (int) maps.queryMap.size(2), (int) (heads / groups), q.dtype(), threads, q.device());
        DecodeKernel kernel = MADE.computeIfAbsent(made, DecodeKernel::new);
        clock.show(kernel.tick, position, seen);
        Tensor query = rows(q);
        Tensor key = rows(k);
        Tensor value = rows(v);
        Tensor y = Tensors.empty(q.dtype(), q.device(), batch, heads, 1, q.size(3));
        kernel.step.launch(
                Dim.of((int) heads, (int) batch),
                Dim.of(kernel.threads),
                clock.window() * 4,
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
                clock.arrived(batch * groups),
                y,
                clock.window());
        return y;
    }

    /** With the heads of a sequence side by side, as the kernel reads them. */
    private static Tensor rows(Tensor heads) {
        boolean together = heads.stride(3) == 1 && (heads.size(1) == 1 || heads.stride(1) == heads.size(3));
        return together ? heads : heads.contiguous();
    }

    private static int stride(Tensor rows) {
        return Math.toIntExact(rows.stride(0));
    }
}
