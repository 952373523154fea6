package dev.lizard.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.base.fuzz.Mutator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** Folders of one safetensors file, and of shards with their index, from the disk. */
class ShardsFuzzTest extends FuzzContract {
    private static final byte[] CONFIG = "{\"model_type\":\"llama\"}".getBytes(UTF_8);
    private static final String INDEX = """
        {"metadata": {"total_size": 40},
         "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00001-of-00002.safetensors",
                        "c": "model-00002-of-00002.safetensors"}}\
        """;

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @Override
    public String name() {
        return "shards";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        folder = new FuzzFolder(temp);
        return List.of(
                Map.of("config.json", CONFIG, "model.safetensors", WeightFiles.of(Map.of("a", List.of(2L, 2L)))),
                Map.of(
                        "config.json",
                        CONFIG,
                        "model.safetensors.index.json",
                        INDEX.getBytes(UTF_8),
                        "model-00001-of-00002.safetensors",
                        WeightFiles.of(Map.of("a", List.of(2L, 2L), "b", List.of(3L))),
                        "model-00002-of-00002.safetensors",
                        WeightFiles.of(Map.of("c", List.of(3L)))));
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        return WeightFiles.mutate(sample, mutator);
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(folder.with(input))) {
            WeightFiles.readAll(checkpoint.weights(), WeightFiles.size(input));
        }
    }
}
