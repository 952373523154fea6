package dev.lizard.cli;

import dev.lizard.tensor.Engine;
import java.util.List;

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
                    "check that --cache DIR is writable and not mounted noexec; README.md lists the platforms");
        }
    }

    static Finding cuda(Context context) {
        if (!Cuda.present()) {
            return context.settings().device().startsWith("cuda")
                    ? Finding.fail(
                            "cuda", "--device cuda was asked for but there is no NVIDIA driver", "pass --device cpu")
                    : Finding.ok("cuda", "no NVIDIA card; lizard works on the CPU");
        }
        List<String> cards = Cuda.cards();
        String found = cards.isEmpty() ? "a driver, but nvidia-smi does not answer" : String.join("; ", cards);
        int usable;
        try {
            usable = Engine.cudaDevices();
        } catch (LinkageError e) {
            usable = 0;
        }
        return usable > 0
                ? Finding.ok("cuda", "%s; %d usable".formatted(found, usable))
                : Finding.warn(
                        "cuda",
                        found + "; the engine cannot use it",
                        "try nvidia-smi, see README.md under GPU; --device cpu works meanwhile");
    }
}
