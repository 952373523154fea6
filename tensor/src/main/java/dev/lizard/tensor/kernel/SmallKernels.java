package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Launches of {@code small.cu}: one in place of many operations that take less time than their launches. */
final class SmallKernels {
    private static final int THREADS = 256;
    private static final Map<Made, Kernel> MADE = new ConcurrentHashMap<>();

    private record Made(String function, boolean bf16, Device device) {}

    private SmallKernels() {}

    /** Whether kernels work on bfloat16 or float32 on {@code device}. */
    static boolean serve(DType dtype, Device device) {
        return Kernel.fits(device, need(dtype));
    }

    static KernelNeed need(DType dtype) {
        return KernelNeed.of(KernelPart.SMALL, 0)
                .onlyIf(dtype == DType.BFLOAT16 || dtype == DType.FLOAT32, "bfloat16 or float32");
    }

    private static Kernel kernel(String function, DType dtype, Device device) {
        return MADE.computeIfAbsent(new Made(function, dtype == DType.BFLOAT16, device), made -> {
            KernelSource source = KernelSource.of("small.cu");
            return Kernel.of(made.bf16 ? source.define("BF16", 1) : source, made.function, made.device);
        });
    }

    /** With a thread for each of {@code count} numbers. */
    static void flat(String function, DType dtype, Device device, long count, @Nullable Object... arguments) {
        int blocks = Math.toIntExact(Math.max(1, Math.ceilDiv(count, THREADS)));
        kernel(function, dtype, device).launch(Dim.of(blocks), Dim.of(THREADS), 0, arguments);
    }

    /** With so many rows of blocks, each of {@code columns}. */
    static void rows(String function, Device device, int columns, int rows, @Nullable Object... arguments) {
        kernel(function, DType.FLOAT32, device).launch(Dim.of(columns, rows), Dim.of(THREADS), 0, arguments);
    }
}
