package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Student;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.model.OpenModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A README.md for a student without weights of its own: what it is, of what it was made, how, and how it is used. */
final class StudentCard {
    private static final long EIGHT = 8192;

    private StudentCard() {}

    /**
     * @param folder what was written so far
     * @param out where it will be
     * @param open the student over its base
     * @param difference largest difference of a logit from the converted folder's
     */
    static String of(Path folder, Path out, OpenModel open, double difference) {
        JsonNode base = read(folder.resolve(Student.FILE)).path("base");
        JsonNode made = read(folder.resolve("provenance.json"));
        Decoder decoder = open.decoder();
        long state = MixerSpecs.stateBytes(decoder.mixerSpecs(), decoder.headDims(), decoder.dtype(), EIGHT);
        ObjectNode head = Json.object().put("library_name", "lizard").put("pipeline_tag", "text-generation");
        head.putArray("tags").add("lizard").add("linear-attention").add("constant-memory");
        List<String> lines = new ArrayList<>();
        lines.add("---\n" + Json.YAML.writeValueAsString(head).replaceFirst("^---\\s*\n", "") + "---\n");
        lines.add("# " + out.toAbsolutePath().normalize().getFileName() + "\n");
        lines.add("A student of `%s` whose memory does not grow: after %,d tokens its state has %,d bytes in float32."
                .formatted(base.path("name").asString(), EIGHT, state));
        lines.add("This folder has what it was taught, not the weights of its base:\n");
        lines.add("    lizard generate --model %s --student %s --prompt \"Once upon a time\"\n"
                .formatted(base.path("name").asString(), out.getFileName()));
        lines.add("| | |\n|---|---|");
        lines.add(row(
                "base",
                base.path("name").asString() + ", sha256 `"
                        + base.path("sha256").asString() + "`"));
        lines.add(row("recipe", made.path("recipe").asString("unknown") + " (`recipe.yaml`)"));
        lines.add(row("tokens", tokens(made)));
        lines.add(row("seed", made.path("seed").asString("unknown")));
        lines.add(row("data", join(made.path("data").path("files"))));
        lines.add(row("trained on", made.path("hardware").path("device").asString("unknown")));
        lines.add(row("files", "%,d bytes".formatted(bytes(folder))));
        lines.add(row(
                "largest difference of a logit from the model as it was trained",
                String.format(Locale.ROOT, "%.1e of the largest", difference)));
        return String.join("\n", lines) + "\n";
    }

    private static String row(String name, String value) {
        return "| %s | %s |".formatted(name, value.isEmpty() ? "none" : value);
    }

    private static String tokens(JsonNode made) {
        return made.path("stages")
                .valueStream()
                .map(stage -> "%s %,d"
                        .formatted(
                                stage.path("name").asString(),
                                stage.path("tokens").asLong()))
                .collect(Collectors.joining(", "));
    }

    private static String join(JsonNode list) {
        return list.valueStream().map(JsonNode::asString).collect(Collectors.joining(", "));
    }

    private static JsonNode read(Path file) {
        return Files.isRegularFile(file) ? Json.read(file, LizardException.Kind.INPUT) : Json.object();
    }

    /** Of all files of a folder. */
    static long bytes(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
