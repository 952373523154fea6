package dev.lizard.distill;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * On what and where a teacher is linearized; how is the {@link Recipe}'s.
 *
 * @param model the teacher: a folder or a GGUF file
 * @param data files and folders of the corpus
 * @param heldOut files and folders to measure with, none of which is trained on; empty to set aside a share of the data
 * @param out the folder to write
 * @param cache where tokens are kept
 * @param device that computes
 * @param dtype type of the teacher's weights and of activations; new parameters are float32
 * @param models the path of a model by the name that a recipe gives it, for teachers
 * @param resume whether to go on with what is in {@code out}
 * @param version of this program, for provenance
 * @param command the command line, for provenance
 */
public record LinearizeOptions(
        Path model,
        List<Path> data,
        List<Path> heldOut,
        Path out,
        Path cache,
        Device device,
        DType dtype,
        Function<String, Path> models,
        boolean resume,
        String version,
        List<String> command) {
    public LinearizeOptions {
        data = List.copyOf(data);
        heldOut = List.copyOf(heldOut);
        command = List.copyOf(command);
    }

    Teachers teachers() {
        return new Teachers(models, dtype, device);
    }
}
