package dev.lizard.checkpoint;

import dev.lizard.base.Hashes;
import dev.lizard.base.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A student without weights of its own: a folder with config, new parameters, an adapter, and what was changed of the
 * base's weights ({@link WeightDelta}), which needs the model that it was made of. {@code student.json} says which.
 *
 * @param folder where it is
 * @param baseName how the base's file or folder was called
 * @param baseSha256 the base's {@link Checkpoint#sha256}
 * @param given the model that was given as its base
 * @param givenSha256 its checksum, which is being taken
 */
public record Student(
        Path folder, String baseName, String baseSha256, Path given, CompletableFuture<String> givenSha256) {
    public static final String FILE = "student.json";
    private static final int VERSION = 1;

    /** The same model with a student's config and parts; hashing goes on behind it. */
    static Checkpoint open(Path folder, Checkpoint base) {
        Path config = folder.resolve(CheckpointFolder.CONFIG);
        Student student = read(folder, base);
        List<Path> content = new ArrayList<>(base.contentFiles());
        content.add(config);
        List<String> notes = new ArrayList<>(base.notes());
        ObjectNode keys = JsonFiles.readObject(config);
        Optional<Adapter> adapter = Adapter.in(folder, content, notes);
        Optional<SafetensorsFile> parameters = optional(folder.resolve(CheckpointFolder.EXTRA), content);
        WeightSource weights = base.weights();
        try {
            Optional<SafetensorsFile> delta = optional(folder.resolve(WeightDelta.FILE), content);
            weights = delta.isPresent() ? WeightDelta.over(weights, delta.get()) : weights;
        } catch (RuntimeException e) {
            parameters.ifPresent(WeightSource::close);
            throw e;
        }
        return new Checkpoint(
                base.path(),
                keys,
                base.generationConfig(),
                weights,
                parameters.map(file -> file),
                adapter,
                base.ggufMetadata(),
                base.tokenizerFiles(),
                List.copyOf(content),
                Optional.of(student),
                List.copyOf(notes));
    }

    private static Optional<SafetensorsFile> optional(Path file, List<Path> content) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        content.add(file);
        return Optional.of(SafetensorsFile.open(file));
    }

    private static Student read(Path folder, Checkpoint base) {
        Path file = folder.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw BadFile.in(folder, "no student", FILE, "no such file", "give a folder that 'lizard pack' wrote");
        }
        ObjectNode keys = JsonFiles.readObject(file);
        if (keys.path("version").asInt(0) != VERSION) {
            throw BadFile.in(
                    file,
                    "version",
                    "unsupported student",
                    "format " + VERSION,
                    keys.path("version"),
                    "open it with the version that wrote it");
        }
        if (base.student().isPresent() || base.extra().isPresent()) {
            throw BadFile.in(
                    base.path(),
                    "base of a student",
                    "a model as its makers left it",
                    "a converted folder",
                    "give the model that the student was made of");
        }
        return new Student(
                folder,
                text(keys, file, "name"),
                text(keys, file, "sha256"),
                base.path(),
                CompletableFuture.supplyAsync(
                        () -> Hashes.sha256(base.contentFiles()),
                        work -> Thread.ofPlatform().daemon().start(work)));
    }

    private static String text(ObjectNode keys, Path file, String key) {
        JsonNode value = keys.path("base").path(key);
        if (!value.isString()) {
            throw BadFile.in(file, "base/" + key, "missing key", "a text", value, "copy the whole folder again");
        }
        return value.stringValue();
    }

    void require() {
        requireSame(folder, baseName, baseSha256, given, givenSha256.join());
    }

    /**
     * Refuses a base that is not the one that what lies in {@code folder} was made of.
     *
     * @param name of that, and its checksum
     * @param given what was given as it, and its checksum
     */
    static void requireSame(Path folder, String name, String sha256, Path given, String givenSha256) {
        if (!givenSha256.equals(sha256)) {
            throw BadFile.in(
                    folder,
                    "student of another model",
                    "its base %s (sha256 %.12s...)".formatted(name, sha256),
                    "%s (sha256 %.12s...)".formatted(given, givenSha256),
                    "give the model that it was made of");
        }
    }

    /** What {@link #FILE} of a new student says. */
    public static ObjectNode describe(String baseName, String baseSha256) {
        ObjectNode keys = Json.object().put("version", VERSION);
        keys.putObject("base").put("name", baseName).put("sha256", baseSha256);
        return keys;
    }
}
