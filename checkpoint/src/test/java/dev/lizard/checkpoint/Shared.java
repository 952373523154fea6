package dev.lizard.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Finds the reference outputs and the real model, which lie outside the repository. */
final class Shared {
    private Shared() {}

    static Path golden() {
        return find("LIZARD_GOLDEN", "golden", "reference outputs");
    }

    static Path models() {
        return find("LIZARD_MODELS", "models", "the real model");
    }

    private static Path find(String variable, String name, String what) {
        String given = System.getenv(variable);
        Path root = Path.of(System.getProperty("lizard.root", "."));
        Path folder = given != null
                ? Path.of(given)
                : root.resolveSibling("shared").resolve(name).toAbsolutePath();
        Assumptions.assumeTrue(Files.isDirectory(folder), what + " not found at " + folder + ": set " + variable);
        return folder;
    }
}
