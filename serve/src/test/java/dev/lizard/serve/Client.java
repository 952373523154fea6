package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What a program says to the server, and what it hears. */
final class Client implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpClient http = HttpClient.newHttpClient();
    private final String root;

    Client(Server server) {
        root = "http://127.0.0.1:" + server.port();
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(root + path)).timeout(PATIENCE);
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8));
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** The bytes of an answer as they come. */
    InputStream open(String path, String body) {
        try {
            HttpRequest request = request(path)
                    .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    HttpResponse<String> get(String path) {
        return send(request(path).GET());
    }

    HttpResponse<String> post(String path, String body) {
        return send(request(path).POST(HttpRequest.BodyPublishers.ofString(body, UTF_8)));
    }

    HttpResponse<String> post(String path, byte[] body) {
        return send(request(path).POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    /** The answer to a request that must succeed; single quotes stand for double ones. */
    JsonNode ask(String path, String body) {
        HttpResponse<String> response = post(path, body.replace('\'', '"'));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Json.MAPPER.readTree(response.body());
    }

    /** The parts of a stream, whose form is checked: a line of data each, an empty line after it, the end as agreed. */
    List<JsonNode> stream(String path, String body) {
        HttpResponse<String> response = post(path, body.replace('\'', '"'));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream; charset=utf-8");
        assertThat(response.body()).endsWith("data: [DONE]\n\n");
        List<JsonNode> parts = new ArrayList<>();
        for (String event : Arrays.asList(response.body().split("\n\n"))) {
            assertThat(event).startsWith("data: ").doesNotContain("\n");
            if (!event.equals("data: [DONE]")) {
                parts.add(Json.MAPPER.readTree(event.substring("data: ".length())));
            }
        }
        return parts;
    }

    /** The error of a request that must be refused. */
    JsonNode refused(int status, String path, String body) {
        HttpResponse<String> response = post(path, body.replace('\'', '"'));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return error(response);
    }

    static JsonNode error(HttpResponse<String> response) {
        JsonNode error = Json.MAPPER.readTree(response.body()).get("error");
        assertThat(error.propertyNames()).containsExactlyInAnyOrder("message", "type", "param", "code");
        assertThat(error.get("message").asString()).isNotBlank().doesNotContain("\n");
        return error;
    }

    /** A figure of {@code /metrics}, by its name without the labels. */
    double figure(String name) {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Override
    public void close() {
        http.close();
    }
}
