package dev.lizard.tensor.cuda;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What there is of CUDA on this machine, piece by piece, for people: each answer is one line. */
public final class CudaReport {
    private static final double GIB = 1L << 30;

    private CudaReport() {}

    /**
     * The driver and the cards it shows.
     *
     * @throws LizardException ENVIRONMENT where there is none
     */
    public static String driver() {
        Driver driver = Driver.get();
        StringBuilder line = new StringBuilder("driver for CUDA up to %s".formatted(version(driver.version())));
        for (int i = 0; i < driver.devices(); i++) {
            line.append(String.format(
                    Locale.ROOT,
                    "; cuda:%d is %s, %.1f GiB, compute capability %.1f",
                    i,
                    driver.name(i),
                    driver.memory(i) / GIB,
                    driver.capability(i) / 10.0));
        }
        return line.toString();
    }

    private static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    /** The CUDA runtime that libtorch loaded. */
    public static String runtime() {
        return Stream.of("libcudart.so.13", "libcudart.so.12", "cudart64_13.dll", "cudart64_12.dll")
                .map(NativeLibrary::load)
                .flatMap(Optional::stream)
                .findFirst()
                .map(CudaReport::runtime)
                .orElse("CUDA runtime inside libtorch");
    }

    private static String runtime(NativeLibrary library) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            int code = library.call("cudaRuntimeGetVersion", number);
            return "CUDA runtime " + (code == 0 ? version(number.get(ValueLayout.JAVA_INT, 0)) : "of unknown version");
        }
    }

    /**
     * The run-time compiler.
     *
     * @throws LizardException ENVIRONMENT where there is none
     */
    public static String compiler() {
        Nvrtc nvrtc = Nvrtc.get();
        return "NVRTC %s at %s".formatted(nvrtc.version(), nvrtc.path());
    }

    /** Why none of our kernels runs on such a card; empty where they do. */
    public static Optional<String> refusal(Card card) {
        KernelPath path = KernelPath.of(card, KernelNeed.of(KernelPart.SMALL, 0));
        return path.kernel() ? Optional.empty() : Optional.of(path.why());
    }

    /** Whether libtorch's streams and graphs are within reach. */
    public static String graphs(Device device) {
        return CudaGraph.supported(device)
                ? "CUDA graphs available"
                : "CUDA graphs not available with this build of libtorch; steps cost more of the CPU";
    }

    /**
     * Compiles a small kernel, runs it on {@code device} and checks what it wrote.
     *
     * @throws LizardException ENVIRONMENT where that fails
     */
    public static String trial(Device device) {
        KernelSource source = KernelSource.of("trial.cu");
        try (Scope work = Scope.open()) {
            Tensor out = Tensors.zeros(DType.FLOAT32, device, 1000);
            Kernel kernel = Kernel.of(source, "trial", device);
            kernel.launch(Dim.of(8), Dim.of(128), 0, out, 1000, 0.5f);
            float[] values = out.floats();
            for (int i = 0; i < values.length; i++) {
                if (values[i] != 0.5f * i) {
                    throw LizardException.environment(
                            "a trial kernel on %s wrote %s where %s was due; run nvidia-smi, then restart the machine"
                                    .formatted(device, values[i], 0.5f * i));
                }
            }
        }
        Engine.synchronize(device);
        return "a trial kernel compiled and ran on " + device;
    }
}
