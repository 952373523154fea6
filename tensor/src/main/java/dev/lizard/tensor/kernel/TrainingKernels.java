package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Launches of {@code training.cu}. */
final class TrainingKernels {
    private static final int THREADS = 256;
    private static final int ROWS = THREADS / 32;
    private static final int PIECE_BYTES = 16;
    /** Static shared memory: a number a warp. */
    private static final int ROOM_BYTES = 128;
    /** Enough blocks to fill any card; each then works on several pieces. */
    private static final long BLOCKS = 4096;

    private static final Map<Made, Kernel> MADE = new ConcurrentHashMap<>();

    private record Made(String function, boolean bf16, Device device) {}

    private TrainingKernels() {}

    /** Whether kernels work on tensors like {@code x}, whose last axis they take in pieces. */
    static boolean serve(Tensor x) {
        return Kernel.fits(x.device(), need(x.dtype(), x.size(-1)));
    }

    /** Whether kernels work on numbers of this type, where an axis fits them. */
    static boolean serve(DType dtype, Device device) {
        return Kernel.fits(device, need(dtype, PIECE_BYTES));
    }

    static KernelNeed need(DType dtype, long width) {
        return KernelNeed.of(KernelPart.TRAINING, ROOM_BYTES)
                .onlyIf(
                        (dtype == DType.BFLOAT16 || dtype == DType.FLOAT32) && width % lanes(dtype) == 0,
                        "bfloat16 or float32 in rows of whole 16 bytes");
    }

    /** Numbers of 16 bytes. */
    static int lanes(Tensor x) {
        return lanes(x.dtype());
    }

    private static int lanes(DType dtype) {
        return PIECE_BYTES / dtype.bytes();
    }

    private static Kernel kernel(String function, Tensor like) {
        return MADE.computeIfAbsent(new Made(function, like.dtype() == DType.BFLOAT16, like.device()), made -> {
            KernelSource source = KernelSource.of("training.cu");
            return Kernel.of(made.bf16 ? source.define("BF16", 1) : source, made.function, made.device);
        });
    }

    /** A function over all numbers of {@code like}, in pieces; returns the number of blocks. */
    static int flat(String function, Tensor like, @Nullable Object... arguments) {
        long pieces = like.count() / lanes(like);
        int blocks = (int) Math.clamp((pieces + THREADS - 1) / THREADS, 1, BLOCKS);
        kernel(function, like).launch(Dim.of(blocks), Dim.of(THREADS), 0, arguments);
        return blocks;
    }

    /** Most blocks that {@link #flat} uses. */
    static int blocks(Tensor like) {
        return (int) Math.clamp((like.count() / lanes(like) + THREADS - 1) / THREADS, 1, BLOCKS);
    }

    /** A function with a warp for each row. */
    static void byRow(String function, Tensor like, long rows, @Nullable Object... arguments) {
        int blocks = Math.toIntExact((rows + ROWS - 1) / ROWS);
        kernel(function, like).launch(Dim.of(blocks), Dim.of(THREADS), 0, arguments);
    }

    /** A function with a block for each row. */
    static void byBlock(String function, Tensor like, long rows, @Nullable Object... arguments) {
        kernel(function, like).launch(Dim.of(Math.toIntExact(rows)), Dim.of(1024), 0, arguments);
    }
}
