package dev.lizard.checkpoint;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a model is.
 *
 * @param model a Hugging Face folder, a GGUF file, or a folder made by {@code linearize}
 * @param student the folder of a student of that model which has no weights of its own
 */
public record ModelFiles(Path model, Optional<Path> student) {
    public static ModelFiles of(Path model) {
        return new ModelFiles(model, Optional.empty());
    }

    @Override
    public String toString() {
        return student.map(folder -> model + "+" + folder).orElse(model.toString());
    }
}
