package dev.lizard.checkpoint;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * An opened model: a Hugging Face folder, a GGUF file, or a folder made by {@code linearize}. Weights stay mapped until
 * {@link #close}.
 *
 * @param path what was opened
 * @param config the keys of {@code config.json}; for GGUF made from its metadata
 * @param generationConfig {@code generation_config.json}
 * @param weights the base weights under Hugging Face's names, rotary rows in the half-split order
 * @param extra {@code lizard.safetensors}: the new parameters of a linearized model
 * @param adapter the peft adapter that lies in the folder
 * @param ggufMetadata all metadata of a GGUF file (Long, Double, Boolean, String or List), as it has the tokenizer
 * @param tokenizerFiles those of the usual tokenizer files that are there
 * @param contentFiles the files that decide what the model computes, in the order in which they are hashed
 * @param student the student whose base this is, with whose config, parameters and adapter it was opened
 * @param notes what a person should know of how the files were read, a line each
 */
public record Checkpoint(
        Path path,
        ObjectNode config,
        Optional<ObjectNode> generationConfig,
        WeightSource weights,
        Optional<WeightSource> extra,
        Optional<Adapter> adapter,
        Optional<Map<String, Object>> ggufMetadata,
        List<Path> tokenizerFiles,
        List<Path> contentFiles,
        Optional<Student> student,
        List<String> notes)
        implements AutoCloseable {
    /**
     * Opens and checks a model; tensors are not read yet.
     *
     * @throws LizardException INPUT when the path is not there or its content is not a whole checkpoint
     */
    public static Checkpoint open(Path path) {
        if (!Files.exists(path)) {
            throw BadFile.in(
                    path, "cannot open model", "a folder or a .gguf file", "nothing", "check the path or its spelling");
        }
        return Files.isDirectory(path) ? new CheckpointFolder(path).open() : openGguf(path);
    }

    /**
     * Opens a student without weights of its own ({@link Student}) over its base, or a model alone.
     *
     * @throws LizardException as {@link #open(Path)}; whether it is the right base, {@link #requireBase} says
     */
    public static Checkpoint open(ModelFiles files) {
        Checkpoint base = open(files.model());
        if (files.student().isEmpty()) {
            return base;
        }
        try {
            return Student.open(files.student().get(), base);
        } catch (RuntimeException e) {
            base.close();
            throw e;
        }
    }

    /**
     * Waits for the hash of a student's base, which is taken meanwhile.
     *
     * @throws LizardException INPUT where it is not the model that the student was made of
     */
    public void requireBase() {
        student.ifPresent(Student::require);
    }

    /** The file with the config, for messages. */
    public Path configFile() {
        Path folder = student.map(Student::folder).orElse(path);
        return Files.isDirectory(folder) ? folder.resolve(CheckpointFolder.CONFIG) : folder;
    }

    private static Checkpoint openGguf(Path path) {
        if (path.getFileName().toString().endsWith(".safetensors")) {
            throw BadFile.in(
                    path,
                    "cannot open model",
                    "a folder with config.json or a .gguf file",
                    "a lone safetensors file",
                    "give the folder that holds it");
        }
        GgufFile gguf = GgufFile.open(path);
        try {
            ObjectNode config = GgufConfig.of(gguf);
            return new Checkpoint(
                    path,
                    config,
                    Optional.empty(),
                    GgufWeights.of(gguf, config),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(gguf.metadata()),
                    List.of(),
                    gguf.files(),
                    Optional.empty(),
                    GgufConfig.notes(gguf));
        } catch (RuntimeException e) {
            gguf.close();
            throw e;
        }
    }

    /**
     * The SHA-256 of a lone file, or of the lines {@code <sha256>  <file name>} of the content files. Reads everything
     * at each call.
     */
    public String sha256() {
        return Hashes.sha256(contentFiles);
    }

    @Override
    public void close() {
        weights.close();
        extra.ifPresent(WeightSource::close);
    }
}
