package dev.lizard.distill;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.Manifest;
import dev.lizard.checkpoint.Safetensors;
import dev.lizard.checkpoint.SafetensorsFile;
import dev.lizard.checkpoint.StepFolders;
import dev.lizard.checkpoint.Weights;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;

/**
 * The folders {@code checkpoints/step-000123} of a run. Each is written whole or not at all, with a manifest, and the
 * last two are kept; what is torn is passed over when reading.
 */
public final class Checkpoints {
    static final String FOLDER = "checkpoints";
    private static final String PARAMETERS = "parameters.safetensors";
    private static final String MOMENTS = "moments.safetensors";
    private static final String STATE = "state.json";
    private static final int KEPT = 2;

    /** How a folder is put on the disk; tests put a failing one in place of the default. */
    @FunctionalInterface
    interface Storage {
        void replace(Path folder, AtomicFiles.FolderBody body);
    }

    private final Path parent;
    private final Storage storage;

    /** A checkpoint that was found whole. */
    public record Saved(Path folder, TrainState state) {}

    /** The checkpoints below the folder of a run. */
    public Checkpoints(Path run) {
        this(run, AtomicFiles::replaceFolder);
    }

    Checkpoints(Path run, Storage storage) {
        this.parent = run.resolve(FOLDER);
        this.storage = storage;
    }

    /**
     * Writes {@code step-<number>}; when that has succeeded, all but the last two go.
     *
     * @throws LizardException ENVIRONMENT when the disk is full or refuses; the checkpoints before stay
     */
    Path write(long number, TrainState state, ParameterBuffer parameters, AdamW optimizer) {
        Path target = StepFolders.of(parent, number);
        try {
            Files.createDirectories(parent);
        } catch (IOException e) {
            throw AtomicFiles.failure(parent, e);
        }
        storage.replace(target, folder -> {
            Safetensors.write(folder.resolve(PARAMETERS), parameters.parameters(), Map.of());
            Map<String, Tensor> moments =
                    Map.of("first", optimizer.firstMoments(), "second", optimizer.secondMoments());
            Safetensors.write(folder.resolve(MOMENTS), moments, Map.of());
            Files.write(folder.resolve(STATE), Json.pretty(state).getBytes(StandardCharsets.UTF_8));
            Manifest.write(folder);
        });
        prune();
        return target;
    }

    private void prune() {
        List<Path> all = StepFolders.list(parent);
        for (Path old : all.subList(0, Math.max(0, all.size() - KEPT))) {
            try {
                AtomicFiles.deleteTree(old);
            } catch (IOException e) {
                throw AtomicFiles.failure(old, e);
            }
        }
    }

    /**
     * The newest whole checkpoint.
     *
     * @param notes receives a line for each torn one that is passed over
     */
    public Optional<Saved> last(Consumer<String> notes) {
        return StepFolders.lastWhole(parent, notes).map(folder -> new Saved(folder, state(folder)));
    }

    private static TrainState state(Path folder) {
        Path file = folder.resolve(STATE);
        try {
            TrainState state = Json.MAPPER.readValue(file, TrainState.class);
            if (state.version() == TrainState.VERSION) {
                return state;
            }
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "unknown version",
                    file,
                    String.valueOf(TrainState.VERSION),
                    state.version(),
                    "resume with the program that wrote it");
        } catch (JacksonException e) {
            throw new LizardException(LizardException.Kind.INPUT, "unreadable " + file + ": " + Json.problem(e), e);
        }
    }

    /** The parameters of a checkpoint by name, float32 on the CPU, in the innermost scope. */
    public static Map<String, Tensor> parameters(Path folder) {
        Map<String, Tensor> values = new LinkedHashMap<>();
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve(PARAMETERS))) {
            for (String name : file.names()) {
                values.put(name, Weights.load(file, name, DType.FLOAT32, Device.CPU));
            }
        }
        return values;
    }

    /** Copies values and moments of a checkpoint into place; the layouts were found equal. */
    static void restore(Saved saved, ParameterBuffer parameters, AdamW optimizer) {
        try (Scope work = Scope.open()) {
            copy(saved.folder().resolve(PARAMETERS), parameters.parameters());
            copy(
                    saved.folder().resolve(MOMENTS),
                    Map.of("first", optimizer.firstMoments(), "second", optimizer.secondMoments()));
        }
        optimizer.resumeAt(saved.state().step());
    }

    private static void copy(Path path, Map<String, Tensor> targets) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            targets.forEach(
                    (name, target) -> target.detach().copy_(Weights.load(file, name, DType.FLOAT32, Device.CPU)));
        }
    }
}
