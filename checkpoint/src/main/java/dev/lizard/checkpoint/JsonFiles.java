package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Small JSON files of a checkpoint folder: objects of a bounded size. */
final class JsonFiles {
    /** No JSON file of a checkpoint but a tokenizer is larger; guards memory. */
    private static final long LARGEST = 64L << 20;

    private JsonFiles() {}

    static ObjectNode readObject(Path file) {
        JsonNode node;
        try {
            node = Json.MAPPER.readTree(readBytes(file));
        } catch (JacksonException e) {
            throw BadFile.in(file, "cannot parse", "JSON", Json.problem(e), "repair or download the file again");
        }
        if (!(node instanceof ObjectNode object)) {
            throw BadFile.in(
                    file, "cannot parse", "a JSON object", Json.kindOf(node), "check that it is the right file");
        }
        return object;
    }

    private static byte[] readBytes(Path file) {
        try {
            if (Files.size(file) > LARGEST) {
                throw BadFile.in(
                        file,
                        "file too large",
                        "at most " + LARGEST + " bytes of JSON",
                        Files.size(file),
                        "check that it is the right file");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw BadFile.in(file, "no such file", "a JSON object", "nothing", "give the whole folder");
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    static LizardException unreadable(Path file, IOException e) {
        return new LizardException(
                LizardException.Kind.INPUT,
                "cannot read %s: %s; check that it is readable".formatted(file, BadFile.brief(e.toString())),
                e);
    }
}
