package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Takes a converted folder apart: a {@link Student} is what its base does not have. */
public final class StudentWriter {
    private static final String PROVENANCE = "provenance.json";
    private static final List<String> COPIED =
            List.of(CheckpointFolder.CONFIG, "recipe.yaml", PROVENANCE, AdapterFiles.CONFIG);
    private static final List<String> PARAMETERS = List.of(CheckpointFolder.EXTRA, AdapterFiles.WEIGHTS);

    private final Path converted;
    private final Path base;
    private final int bits;
    private final DType parameters;
    private int changed;

    /**
     * @param converted a folder that {@code linearize} wrote
     * @param base the model that it was made of
     * @param bits of a changed weight: 8 or 4
     * @param parameters type of the new parameters and the adapter's
     */
    public StudentWriter(Path converted, Path base, int bits, DType parameters) {
        this.converted = converted;
        this.base = base;
        this.bits = bits;
        this.parameters = parameters;
    }

    /**
     * Writes a student into an empty folder.
     *
     * @throws LizardException INPUT where the folder is not a converted one, or was made of another model
     */
    public void write(Path folder) throws IOException {
        try (Checkpoint whole = Checkpoint.open(converted);
                Checkpoint origin = Checkpoint.open(base)) {
            String sha256 = origin.sha256();
            requireBase(whole, sha256);
            for (String name : COPIED) {
                if (Files.isRegularFile(converted.resolve(name))) {
                    Files.copy(converted.resolve(name), folder.resolve(name));
                }
            }
            for (String name : PARAMETERS) {
                if (Files.isRegularFile(converted.resolve(name))) {
                    writeParameters(converted.resolve(name), folder.resolve(name));
                }
            }
            List<StoredTensor> changes = WeightDelta.between(origin.weights(), whole.weights(), bits);
            changed = (int) changes.stream()
                    .filter(change -> origin.weights().contains(change.info().name()))
                    .count();
            if (!changes.isEmpty()) {
                Safetensors.write(folder.resolve(WeightDelta.FILE), changes, Map.of("bits", Integer.toString(bits)));
            }
            byte[] about = (Json.pretty(Student.describe(String.valueOf(base.getFileName()), sha256)) + "\n")
                    .getBytes(StandardCharsets.UTF_8);
            Files.write(folder.resolve(Student.FILE), about);
        }
    }

    private void requireBase(Checkpoint whole, String sha256) {
        if (!whole.config().path("model_type").asString("").equals("lizard")) {
            throw BadFile.in(
                    converted, "nothing to pack", "a converted folder", "another model", "give what linearize wrote");
        }
        Path file = converted.resolve(PROVENANCE);
        JsonNode made = Files.isRegularFile(file) ? JsonFiles.readObject(file).path("teacher") : Json.object();
        String expected = made.path("sha256").asString(sha256);
        Student.requireSame(converted, made.path("name").asString(""), expected, base, sha256);
    }

    private void writeParameters(Path from, Path file) throws IOException {
        if (parameters == DType.FLOAT32) {
            Files.copy(from, file);
            return;
        }
        try (Scope scope = Scope.open();
                SafetensorsFile source = SafetensorsFile.open(from)) {
            List<StoredTensor> tensors = new ArrayList<>();
            for (String name : source.names()) {
                tensors.add(StoredTensor.of(name, Weights.load(source, name, parameters, Device.CPU)));
            }
            Safetensors.write(file, tensors, Map.of("format", "pt"));
        }
    }

    /** How many weights are others than the base's. */
    public int changed() {
        return changed;
    }

    /** Whether what was written is not quite what was read. */
    public boolean rounds() {
        return changed > 0 || parameters != DType.FLOAT32;
    }
}
