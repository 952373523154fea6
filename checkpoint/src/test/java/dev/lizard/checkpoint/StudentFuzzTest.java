package dev.lizard.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Hashes;
import dev.lizard.base.Json;
import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.base.fuzz.Mutator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/** Folders of students without weights of their own. */
class StudentFuzzTest extends FuzzContract {
    private static final String NAME = "model.layers.0.self_attn.q_proj.weight";
    private static final String NORM = "model.norm.weight";

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);
    private Path base = temp;

    @Override
    public String name() {
        return "student";
    }

    @Override
    public List<Map<String, byte[]>> samples() throws IOException {
        base = Files.createDirectories(temp.resolve("base"));
        folder = new FuzzFolder(Files.createDirectories(temp.resolve("student")));
        Files.writeString(base.resolve("config.json"), "{\"model_type\": \"llama\"}");
        Files.write(
                base.resolve("model.safetensors"), WeightFiles.of(Map.of(NAME, List.of(4L, 6L), NORM, List.of(6L))));
        String sha256 = Hashes.sha256(List.of(base.resolve("config.json"), base.resolve("model.safetensors")));
        byte[] delta = WeightFiles.of(List.of(
                WeightFiles.stored(NAME, StoredType.I8, List.of(4L, 3L)),
                WeightFiles.stored(NAME + ".scale", StoredType.F32, List.of(4L)),
                WeightFiles.stored(NORM, StoredType.F32, List.of(6L))));
        Map<String, byte[]> sample = new HashMap<>();
        sample.put(Student.FILE, Json.pretty(Student.describe("base", sha256)).getBytes(UTF_8));
        sample.put("config.json", "{\"model_type\": \"lizard\"}".getBytes(UTF_8));
        sample.put(WeightDelta.FILE, delta);
        return List.of(sample);
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        return mutator.random().nextInt(4) == 0 ? WeightFiles.mutate(sample, mutator) : mutator.files(sample);
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        try (Checkpoint both = Checkpoint.open(new ModelFiles(base, Optional.of(folder.with(input))))) {
            both.requireBase();
            both.weights().names().forEach(both.weights()::readFloat32);
        }
    }
}
