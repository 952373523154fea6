package dev.lizard.cli;

import dev.lizard.tensor.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the machine says about its graphics cards, without the tensor engine. */
final class Cuda {
    private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");
    private static final Path DEVICE = Path.of("/dev/nvidiactl");
    private static final int PATIENCE_SECONDS = 10;

    private Cuda() {}

    /** Whether an NVIDIA driver shows a card to this process. */
    static boolean present() {
        return Files.exists(DEVICE) || Files.exists(DRIVER);
    }

    /** One line a card (name, memory, driver) from nvidia-smi; empty where it is missing or fails. */
    static List<String> cards() {
        try {
            Process process = new ProcessBuilder(
                            "nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            List<String> lines = process.inputReader().readAllLines();
            boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return ended && process.exitValue() == 0 ? lines : List.of();
        } catch (IOException e) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    /** The warning for a card that is there but that the engine cannot use; null where there is nothing to warn of. */
    static @Nullable String whyUnusable() {
        if (!present() || Engine.cudaDevices() > 0) {
            return null;
        }
        return "an NVIDIA card is present but the tensor engine cannot use it (engine " + Engine.version()
                + "); working on the CPU; run 'lizard doctor' for the cause, or pass --device cpu to silence this";
    }
}
