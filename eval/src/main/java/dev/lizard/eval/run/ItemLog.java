package dev.lizard.eval.run;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.checkpoint.AtomicFiles;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What became of each item of a task, in a file that grows as they are answered: a line that says what the run is of,
 * then one an item. A run that was interrupted goes on from it; one of something else is refused. Once all items are
 * there the file is written anew in their order.
 */
final class ItemLog implements AutoCloseable {
    /**
     * What a log is of.
     *
     * @param model checksum of weights, mixers, type and vocabulary
     * @param items checksum of what is asked and how it is judged
     */
    record Header(String task, String model, String items, long seed, int limit) {}

    private final Path file;
    private final Header header;
    private final Map<String, ItemResult> done = new LinkedHashMap<>();
    private @Nullable Writer writer;

    private ItemLog(Path file, Header header) {
        this.file = file;
        this.header = header;
    }

    /**
     * Opens a log, perhaps one that was begun.
     *
     * @throws LizardException USAGE where it is of another run, INPUT where it is malformed
     */
    static ItemLog open(Path file, Header header) {
        ItemLog log = new ItemLog(file, header);
        if (Files.exists(file)) {
            log.read();
        }
        return log;
    }

    /** What is known, by the items' ids. */
    Map<String, ItemResult> done() {
        return done;
    }

    private void read() {
        List<String> lines = lines();
        for (int i = 0; i < lines.size(); i++) {
            boolean torn = i == lines.size() - 1 && !lines.get(i).endsWith("\n");
            if (!torn) {
                read(lines.get(i), file + ":" + (i + 1), i == 0);
            }
        }
    }

    private List<String> lines() {
        try {
            String text = Files.readString(file);
            return text.isEmpty() ? List.of() : List.of(text.split("(?<=\n)"));
        } catch (IOException e) {
            throw LizardException.input("cannot read %s: %s; delete it".formatted(file, e.getMessage()));
        }
    }

    private void read(String line, String where, boolean first) {
        try {
            if (first) {
                compare(Json.MAPPER.readTree(line));
            } else {
                ItemResult result = Json.MAPPER.readValue(line, ItemResult.class);
                done.put(result.id(), result);
            }
        } catch (JacksonException e) {
            throw LizardException.at(
                    Kind.INPUT,
                    "malformed log",
                    where,
                    "a line of this program",
                    Json.problem(e),
                    "delete the file",
                    e);
        }
    }

    private void compare(JsonNode found) {
        JsonNode wanted = Json.MAPPER.valueToTree(header);
        for (Map.Entry<String, JsonNode> entry : wanted.properties()) {
            JsonNode other = found.path(entry.getKey());
            if (!entry.getValue().asString().equals(other.asString(""))) {
                throw LizardException.at(
                        Kind.USAGE,
                        "log of another run",
                        file,
                        entry.getKey() + " " + entry.getValue().asString(),
                        other.isMissingNode() ? "none" : other.asString(""),
                        "choose another --out, or delete the file");
            }
        }
    }

    /** Adds what became of some items, for good. */
    void add(Collection<ItemResult> results) {
        StringBuilder text = new StringBuilder();
        try {
            if (writer == null) {
                Files.createDirectories(file.toAbsolutePath().getParent());
                StringBuilder all = new StringBuilder(Json.line(header)).append('\n');
                done.values().forEach(result -> all.append(Json.line(result)).append('\n'));
                AtomicFiles.write(file, all.toString().getBytes(StandardCharsets.UTF_8));
                writer = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
            }
            for (ItemResult result : results) {
                done.put(result.id(), result);
                text.append(Json.line(result)).append('\n');
            }
            writer.write(text.toString());
            writer.flush();
        } catch (IOException e) {
            throw AtomicFiles.failure(file, e);
        }
    }

    /** Writes all once more, in this order. */
    void finish(List<ItemResult> results) {
        close();
        AtomicFiles.write(file, channel -> {
            Writer all = Channels.newWriter(channel, StandardCharsets.UTF_8);
            all.write(Json.line(header) + "\n");
            for (ItemResult result : results) {
                all.write(Json.line(result) + "\n");
            }
            all.flush();
        });
    }

    @Override
    public void close() {
        try {
            if (writer != null) {
                writer.close();
                writer = null;
            }
        } catch (IOException e) {
            throw AtomicFiles.failure(file, e);
        }
    }
}
