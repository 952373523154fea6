package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.cuda.CudaReport;

/** What {@code doctor} asks of the tensor engine and the graphics cards. */
final class EngineChecks {
    private EngineChecks() {}

    static Finding engine(Context context) {
        long start = System.nanoTime();
        try {
            Engine.threads(context.settings().threads());
            int cards = Engine.cudaDevices();
            long millis = (System.nanoTime() - start) / 1_000_000;
            return Finding.ok(
                    "engine",
                    "libtorch %s loaded in %d ms, %d CPU threads, %d CUDA devices"
                            .formatted(Engine.version(), millis, Engine.threads(), cards));
        } catch (RuntimeException | LinkageError e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            return Finding.fail(
                    "engine",
                    "the native library cannot be loaded: " + root.getMessage(),
                    context.environment().containsKey("LIZARD_LIBTORCH")
                            ? "unset LIZARD_LIBTORCH, or let it name a libtorch of a version that docs/gpu.md lists"
                            : "check that --cache DIR is writable and not mounted noexec; README.md lists the"
                                    + " platforms");
        }
    }

    static Finding cuda(Context context) {
        if (!Cuda.present()) {
            return context.settings().device().startsWith("cuda")
                    ? Finding.fail(
                            "cuda", "--device cuda was asked for but there is no NVIDIA driver", "pass --device cpu")
                    : Finding.ok("cuda", "no NVIDIA card; lizard works on the CPU");
        }
        if (usable() > 0) {
            return Finding.ok("cuda", CudaReport.driver() + "; " + CudaReport.runtime());
        }
        String found = Cuda.cards();
        if (!Engine.hasCuda()) {
            return Finding.warn(
                    "cuda",
                    found + "; the engine loaded is the one for CPUs",
                    "build with 'mvn -Pcuda -DskipTests package', or set LIZARD_LIBTORCH to the lib folder of a"
                            + " libtorch with CUDA; see docs/gpu.md");
        }
        return Finding.warn(
                "cuda",
                found + "; the engine has CUDA but cannot use it",
                "see whether nvidia-smi works and says CUDA 13 or newer; --device cpu works meanwhile");
    }

    private static int usable() {
        try {
            return Engine.cudaDevices();
        } catch (LinkageError e) {
            return 0;
        }
    }

    /** Our own kernels: whether they can be compiled and run. */
    static Finding kernels(Context context) {
        if (usable() == 0) {
            return Finding.ok("kernels", "none are needed on the CPU");
        }
        try {
            String detail = CudaReport.compiler() + "; " + CudaReport.trial(Device.cuda(0)) + "; ";
            return Finding.ok("kernels", detail + CudaReport.graphs());
        } catch (LizardException e) {
            return Finding.warn(
                    "kernels",
                    String.valueOf(e.getMessage()),
                    "install NVRTC (libnvrtc of the CUDA toolkit), or name it with LIZARD_NVRTC; until then CUDA runs"
                            + " without our kernels, more slowly");
        }
    }
}
