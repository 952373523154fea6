package dev.lizard.model;

import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Finds the reference outputs and models that lie beside a checkout. */
final class Shared {
    private static final Path SHARED = Path.of(System.getProperty("lizard.root", "."), "..", "shared")
            .toAbsolutePath()
            .normalize();

    private Shared() {}

    static Path golden(String name) {
        return find("LIZARD_GOLDEN", "golden", name);
    }

    static Path model(String name) {
        return find("LIZARD_MODELS", "models", name);
    }

    private static Path find(String variable, String folder, String name) {
        String set = System.getenv(variable);
        Path path = (set == null ? SHARED.resolve(folder) : Path.of(set)).resolve(name);
        Assumptions.assumeTrue(
                Files.exists(path), () -> "reference outputs not found at " + path + ": set " + variable);
        return path;
    }

    /** A decoder in float32 on the CPU. */
    static Decoder load(Path model) {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            return Decoder.load(checkpoint, DType.FLOAT32, Device.CPU);
        }
    }

    /** Largest absolute difference. */
    static double difference(Tensor a, Tensor b) {
        return a.sub(b).abs().amax().item();
    }

    /** Largest absolute difference over largest absolute value of {@code expected}. */
    static double relative(Tensor actual, Tensor expected) {
        return difference(actual, expected) / expected.abs().amax().item();
    }

    /** Prints a figure that was compared, so that a report of a run says by how much it passed. */
    static void figure(String what, double value) {
        System.out.printf("[reference] %s: %.3g%n", what, value);
    }
}
