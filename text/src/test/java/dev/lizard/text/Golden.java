package dev.lizard.text;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lizard.checkpoint.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Where the reference outputs and the real model lie; tests that need them abort visibly without. */
final class Golden {
    private Golden() {}

    static List<JsonNode> lines(String name) throws IOException {
        Path file = folder("LIZARD_GOLDEN", "golden").resolve(name);
        assumeTrue(Files.exists(file), "reference outputs not found at " + file + ": set LIZARD_GOLDEN");
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            lines.add(Tokenizers.JSON.readTree(line));
        }
        return lines;
    }

    static Map<String, Object> modelMetadata() throws IOException {
        Path folder = folder("LIZARD_MODELS", "models");
        assumeTrue(Files.isDirectory(folder), "no models at " + folder + ": set LIZARD_MODELS");
        try (Stream<Path> files = Files.list(folder)) {
            Path gguf = files.filter(file -> file.toString().endsWith(".gguf"))
                    .findFirst()
                    .orElse(null);
            assumeTrue(gguf != null, "no .gguf in " + folder + ": set LIZARD_MODELS");
            try (GgufFile file = GgufFile.open(Objects.requireNonNull(gguf))) {
                return file.metadata();
            }
        }
    }

    private static Path folder(String variable, String name) {
        String set = System.getenv(variable);
        return set == null ? Path.of(System.getProperty("lizard.root", "."), "..", "shared", name) : Path.of(set);
    }
}
