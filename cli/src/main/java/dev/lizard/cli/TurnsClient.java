package dev.lizard.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.ProcessMemory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Iterator;
import java.util.OptionalLong;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Has a conversation with a server, in one of its sessions, against the clock. */
final class TurnsClient implements AutoCloseable {
    private static final String DATA = "data: ";
    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final HttpClient http = HttpClient.newHttpClient();
    private final String root;

    /** With the server at a port of this machine; begins a session. */
    TurnsClient(int port) {
        root = "http://127.0.0.1:" + port + "/v1/";
        try (Stream<String> answer = post("sessions", Json.object().put("id", "bench"))) {
            answer.forEach(_ -> {});
        }
    }

    /** Says {@code ids} and has {@code count} tokens written. */
    TurnsSpeed.Turn turn(int[] ids, int count) {
        ObjectNode body = Bench.streamed(count).put("session", "bench");
        for (int id : ids) {
            body.withArray("prompt").add(id);
        }
        long cpu = SYSTEM.getProcessCpuTime();
        long start = System.nanoTime();
        long first = 0;
        long last = 0;
        JsonNode usage = Json.object();
        try (Stream<String> lines = post("completions", body)) {
            for (Iterator<String> each = lines.iterator(); each.hasNext(); ) {
                String line = each.next();
                if (line.startsWith(DATA + "{")) {
                    JsonNode part = Json.MAPPER.readTree(line.substring(DATA.length()));
                    if (part.has("error")) {
                        throw failed(part.at("/error/message").asString());
                    }
                    if (part.path("usage").isObject()) {
                        usage = part.get("usage");
                    } else {
                        last = System.nanoTime();
                        first = first == 0 ? last : first;
                    }
                }
            }
        }
        int prompt = usage.path("prompt_tokens").asInt();
        OptionalLong resident = ProcessMemory.residentBytes();
        return new TurnsSpeed.Turn(
                prompt + usage.path("completion_tokens").asLong(),
                prompt - usage.at("/prompt_tokens_details/cached_tokens").asLong(),
                (first - start) / 1e9,
                (last - first) / 1e6 / Math.max(1, count - 1),
                (SYSTEM.getProcessCpuTime() - cpu) / 1e9,
                resident.isPresent() ? resident.getAsLong() / (double) (1 << 20) : null);
    }

    private Stream<String> post(String path, ObjectNode body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(root + path))
                .POST(HttpRequest.BodyPublishers.ofString(Json.line(body)))
                .build();
        try {
            HttpResponse<Stream<String>> response = http.send(request, HttpResponse.BodyHandlers.ofLines());
            if (response.statusCode() != 200) {
                throw failed(String.join(" ", response.body().toList()));
            }
            return response.body();
        } catch (IOException e) {
            throw failed(e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("interrupted");
        }
    }

    private static LizardException failed(String message) {
        return LizardException.failed("cannot measure: expected an answer but the server said: " + message);
    }

    @Override
    public void close() {
        http.close();
    }
}
