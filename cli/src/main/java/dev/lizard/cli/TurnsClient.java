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
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Has a conversation with a server, in one of its sessions, against the clock. */
final class TurnsClient implements AutoCloseable {
    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final HttpClient http = HttpClient.newHttpClient();
    private final String root;

    /** With the server at a port of this machine; begins a session. */
    TurnsClient(int port) {
        root = "http://127.0.0.1:" + port + "/v1/";
        begin();
    }

    /** Says {@code ids} and has {@code count} tokens written. */
    TurnsSpeed.Turn turn(int[] ids, int count) {
        ObjectNode body = Bench.streamed(count).put("session", "bench");
        for (int id : ids) {
            body.withArray("prompt").add(id);
        }
        long cpu = SYSTEM.getProcessCpuTime();
        long start = System.nanoTime();
        StreamedAnswer answer = hear(body);
        JsonNode usage = answer.usage();
        int prompt = usage.path("prompt_tokens").asInt();
        OptionalLong resident = ProcessMemory.residentBytes();
        return new TurnsSpeed.Turn(
                prompt + answer.tokens(),
                prompt - usage.at("/prompt_tokens_details/cached_tokens").asLong(),
                (answer.first() - start) / 1e9,
                (answer.last() - answer.first()) / 1e6 / Math.max(1, count - 1),
                (SYSTEM.getProcessCpuTime() - cpu) / 1e9,
                resident.isPresent() ? resident.getAsLong() / (double) (1 << 20) : null);
    }

    private StreamedAnswer hear(ObjectNode body) {
        try {
            return StreamedAnswer.ask(http, request("completions"), body);
        } catch (IOException e) {
            throw failed(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("interrupted");
        }
    }

    private void begin() {
        try {
            String body = Json.line(Json.object().put("id", "bench"));
            HttpRequest request = request("sessions")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw failed(response.body());
            }
        } catch (IOException e) {
            throw failed(e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("interrupted");
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(root + path));
    }

    private static LizardException failed(String message) {
        return LizardException.failed("cannot measure: expected an answer but the server said: " + message);
    }

    @Override
    public void close() {
        http.close();
    }
}
