package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import java.io.BufferedReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM while a server writes. */
class ServeStopTest {
    @TempDir
    Path folder = Path.of(".");

    /** Streams of so many tokens, begun before the server is told to stop: the last events of each. */
    private List<String> stopped(int tokens, String... more) throws Exception {
        Process process = ServeCommandTest.process(TinyModel.converted(folder.resolve("tiny")), more);
        HttpClient client = HttpClient.newHttpClient();
        try (BufferedReader out = process.inputReader()) {
            String url = Json.MAPPER.readTree(out.readLine()).get("url").asString();
            String body = "{\"prompt\": \"x\", \"stream\": true, \"ignore_eos\": true, \"max_tokens\": " + tokens + "}";
            List<Iterator<String>> streams = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/completions"))
                        .header("Authorization", "Bearer k")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
                Iterator<String> lines = client.send(request, HttpResponse.BodyHandlers.ofLines())
                        .body()
                        .iterator();
                assertThat(lines.next()).startsWith("data: {"); // it is under way
                streams.add(lines);
            }
            process.toHandle().destroy(); // politely, and its output stays open
            List<String> lasts = new ArrayList<>();
            for (Iterator<String> lines : streams) {
                List<String> events = new ArrayList<>();
                lines.forEachRemaining(line -> {
                    if (!line.isEmpty()) {
                        events.add(line);
                    }
                });
                assertThat(events.getLast()).isEqualTo("data: [DONE]");
                lasts.add(events.get(events.size() - 2));
            }
            out.lines().forEach(_ -> {});
            assertThat(process.waitFor()).isZero();
            return lasts;
        } finally {
            client.shutdownNow(); // closing would wait for what is not read
            process.destroyForcibly();
        }
    }

    @Test
    void underLoadAServerThatIsToldToStopLetsStreamsEnd() throws Exception {
        assertThat(stopped(150)).hasSize(8).allMatch(last -> last.contains("\"finish_reason\":\"length\""));
    }

    @Test
    void streamsThatCannotEndInTimeAreToldWhy() throws Exception {
        assertThat(stopped(4_000, "--drain", "0"))
                .hasSize(8)
                .allMatch(last -> last.contains("\"message\":\"the server stops\""));
    }
}
