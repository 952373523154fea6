package dev.lizard.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What came of a streamed completion: server-sent events, each with a part of the text, the last with what it cost.
 *
 * @param times when parts of the text came, one or more, by {@link System#nanoTime}
 * @param usage as the server told it, with one token or more
 */
record StreamedAnswer(List<Long> times, JsonNode usage) {
    private static final String DATA = "data: ";
    private static final int LONGEST_REFUSAL = 4_096;

    StreamedAnswer {
        times = List.copyOf(times);
    }

    /**
     * Asks for {@code body} and hears the answer to its end.
     *
     * @throws IOException where there is none, or not all of it, with what the server says
     */
    static StreamedAnswer ask(HttpClient http, HttpRequest.Builder request, ObjectNode body)
            throws IOException, InterruptedException {
        HttpRequest asked = request.header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Json.line(body)))
                .build();
        HttpResponse<InputStream> response = http.send(asked, HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            if (response.statusCode() != 200) {
                String told = new String(in.readNBytes(LONGEST_REFUSAL), UTF_8);
                throw new IOException("status %d: %s".formatted(response.statusCode(), told.strip()));
            }
            return read(new BufferedReader(new InputStreamReader(in, UTF_8)));
        }
    }

    /** Of the lines of an answer as they come. */
    static StreamedAnswer read(BufferedReader lines) throws IOException {
        List<Long> times = new ArrayList<>();
        JsonNode usage = Json.object();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (!line.startsWith(DATA + "{")) {
                continue; // comments, empty lines, the end
            }
            if (line.contains("\"completion_tokens\"") || line.contains("\"error\"")) { // parsing the others costs time
                JsonNode part = Json.MAPPER.readTree(line.substring(DATA.length()));
                if (part.has("error")) {
                    throw new IOException(part.at("/error/message").asString(line));
                }
                usage = part.path("usage").isObject() ? part.get("usage") : usage;
            }
            if (line.contains("\"text\"") && !line.contains("\"finish_reason\":\"")) {
                times.add(System.nanoTime());
            }
        }
        if (usage.path("completion_tokens").asInt(0) < 1) {
            throw new IOException("an answer that does not tell of tokens in its end");
        }
        if (times.isEmpty()) {
            times.add(System.nanoTime()); // of control tokens alone, which have no text
        }
        return new StreamedAnswer(times, usage);
    }

    int tokens() {
        return usage.path("completion_tokens").asInt();
    }

    long first() {
        return times.getFirst();
    }

    long last() {
        return times.getLast();
    }

    /** Nanoseconds from each part to the next. */
    List<Long> gaps() {
        List<Long> gaps = new ArrayList<>();
        for (int i = 1; i < times.size(); i++) {
            gaps.add(times.get(i) - times.get(i - 1));
        }
        return gaps;
    }
}
