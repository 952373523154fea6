package dev.lizard.tensor;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * The one door to libtorch: has it loaded, sets it up, and answers what it offers here.
 */
public final class Engine {
    private record Place(DType dtype, Device device) {}

    private static final Map<Place, TensorOptions> OPTIONS = new ConcurrentHashMap<>();
    private static final Map<Device, org.bytedeco.pytorch.Device> HANDLES = new ConcurrentHashMap<>();

    static {
        EngineLibraries.load();
    }

    static final ScalarTypeOptional SAME_TYPE = new ScalarTypeOptional();

    private static volatile int threads;

    private Engine() {}

    /** Whether the libtorch that is loaded was built for CUDA, with a card or without one. */
    public static boolean hasCuda() {
        return torch.hasCUDA();
    }

    /** Number of CUDA devices that can be used from this process; 0 with the CPU build or without a driver. */
    public static int cudaDevices() {
        try {
            return torch.cuda_device_count();
        } catch (LinkageError | RuntimeException e) {
            return 0;
        }
    }

    /**
     * Sets how many CPU threads one operation may use. Products of matrices, nearly all of the work, have a pool of
     * that many in OpenBLAS; all else gets half as many of OpenMP's: two full pools hold each other up
     * ({@link IdleThreads}).
     */
    public static void threads(int count) {
        if (count < 1) {
            throw LizardException.usage("--threads must be at least 1, found " + count);
        }
        torch.set_num_threads(Math.max(1, count / 2));
        openblas_nolapack.blas_set_num_threads(count);
        threads = count;
    }

    /** What was set, else what libtorch chose. */
    public static int threads() {
        return threads == 0 ? torch.get_num_threads() : threads;
    }

    /**
     * Demands algorithms whose result does not depend on scheduling; operations without one fail. On CUDA it must be
     * called before the first product of matrices.
     */
    public static void deterministic(boolean on) {
        if (on) {
            Environment.setIfAbsent("CUBLAS_WORKSPACE_CONFIG", ":4096:8"); // else the engine refuses cuBLAS
        }
        torch.globalContext().setDeterministicAlgorithms(on, false);
        torch.globalContext().setDeterministicFillUninitializedMemory(false); // would only cost time
    }

    /** Waits for all work queued on {@code device}; nothing to do on a CPU. */
    public static void synchronize(Device device) {
        if (device.isCuda()) {
            torch.synchronizeDevice((byte) device.index());
        }
    }

    /** Version of the engine's package (libtorch's, then the binding's), for provenance. */
    public static String version() {
        try (InputStream in = torch.class.getResourceAsStream("/META-INF/maven/org.bytedeco/pytorch/pom.properties")) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }

    static TensorOptions options(DType dtype, Device device) {
        return OPTIONS.computeIfAbsent(new Place(dtype, device), p -> {
            TensorOptions options = new TensorOptions(p.dtype.scalarType());
            return new TensorOptions(options.device(new org.bytedeco.pytorch.DeviceOptional(p.device.handle())));
        });
    }

    static org.bytedeco.pytorch.Device handle(Device device) {
        return HANDLES.computeIfAbsent(device, Device::newHandle);
    }
}
