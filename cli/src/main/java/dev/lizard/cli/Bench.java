package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What the {@code bench} commands share. */
final class Bench {
    private Bench() {}

    /** Appends {@code result} as a line of JSON to a history, if one is kept. */
    static void record(Object result, @Nullable Path history) throws IOException {
        if (history != null) {
            Files.writeString(history, Json.line(result) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    /**
     * Refuses what is not positive.
     *
     * @throws LizardException USAGE naming the flag
     */
    static void require(String flag, int value) {
        Ranges.require(flag, value, 1, Integer.MAX_VALUE);
    }

    /** A completion of so many tokens, the likeliest, whatever they are; streamed, and told how many they were. */
    static ObjectNode streamed(int tokens) {
        ObjectNode body = Json.object()
                .put("max_tokens", tokens)
                .put("temperature", 0)
                .put("ignore_eos", true)
                .put("stream", true);
        body.putObject("stream_options").put("include_usage", true);
        return body;
    }
}
