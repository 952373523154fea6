package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.tensor.Engine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the machine says about its graphics cards, without the tensor engine. */
final class Cuda {
    private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");
    private static final Path DEVICE = Path.of("/dev/nvidiactl");
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** {@code NVIDIA H100 80GB HBM3, 81559 MiB, 570.86.15}. */
    private static final Pattern CARD = Pattern.compile("\\P{Cntrl}{1,200}, \\P{Cntrl}{1,50}, [\\d.]{1,50}");

    private Cuda() {}

    /** Whether an NVIDIA driver shows a card to this process. */
    static boolean present() {
        return Files.exists(DEVICE) || Files.exists(DRIVER);
    }

    /** The cards (name, memory, driver) by nvidia-smi, or why it does not tell them. */
    static String cards() {
        try (Activity _ = Activity.begin("asking nvidia-smi")) {
            return describe(Inquiry.run(
                    PATIENCE, "nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"));
        }
    }

    static String describe(Inquiry answer) {
        return switch (answer.state()) {
            case SILENT -> "a driver, but nvidia-smi does not answer";
            case MISSING -> "a driver, but there is no nvidia-smi that can be run";
            case FAILED -> "a driver, but nvidia-smi fails";
            case ANSWERED -> {
                List<String> lines = answer.lines();
                boolean cards = !lines.isEmpty()
                        && lines.stream().allMatch(line -> CARD.matcher(line).matches());
                yield cards ? String.join("; ", lines) : "a driver, but nvidia-smi names no card";
            }
        };
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
