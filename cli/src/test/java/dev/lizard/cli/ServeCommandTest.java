package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ServeCommandTest {
    @TempDir
    Path folder = Path.of(".");

    static Process process(Path model, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--model",
                model.toString(),
                "--port",
                "0",
                "--json",
                "--quiet"));
        command.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("LIZARD_API_KEY", "k");
        return builder.start();
    }

    @Test
    void aModelIsServedUntilTheServerIsToldToStop() throws Exception {
        Path model = TinyModel.converted(folder.resolve("tiny"));
        Process process = process(model);
        try (BufferedReader out = process.inputReader();
                HttpClient client = HttpClient.newHttpClient()) {
            JsonNode started = Json.MAPPER.readTree(out.readLine());
            assertThat(started.get("model").asString()).isEqualTo("tiny");
            String body = """
                {"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 3,
                 "ignore_eos": true}\
                """;
            HttpRequest request = HttpRequest.newBuilder(
                            URI.create(started.get("url").asString() + "/chat/completions"))
                    .header("Authorization", "Bearer k")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build();
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            JsonNode usage = Json.MAPPER.readTree(response.body()).get("usage");
            assertThat(usage.get("completion_tokens").asInt()).isEqualTo(3);
            assertThat(usage.get("state_bytes").asLong()).isPositive();
            JsonNode logged = Json.MAPPER.readTree(out.readLine());
            assertThat(logged.propertyNames()).containsExactly("method", "path", "status", "written", "seconds");
            assertThat(logged.get("written").asInt()).isEqualTo(3);
            process.toHandle().destroy(); // politely, and its output stays open
            assertThat(process.waitFor()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void theNextProcessGoesOnWhereTheLastWasToldToStop() throws Exception {
        Path model = TinyModel.converted(folder.resolve("tiny"));
        String prompt = "a prompt that is long enough for a state";
        JsonNode before = null;
        for (int life = 0; life < 2; life++) {
            Process process = process(
                    model,
                    "--spill",
                    folder.resolve("spill").toString(),
                    "--spill-budget",
                    "16",
                    "--state-dir",
                    folder.resolve("saved").toString());
            try (BufferedReader out = process.inputReader();
                    HttpClient client = HttpClient.newHttpClient()) {
                String url = Json.MAPPER.readTree(out.readLine()).get("url").asString();
                JsonNode answer = post(
                        client,
                        url + "/completions",
                        "{\"prompt\": \"" + prompt
                                + "\", \"max_tokens\": 5, \"temperature\": 0, \"ignore_eos\": true}");
                int cached =
                        answer.at("/usage/prompt_tokens_details/cached_tokens").asInt();
                assertThat(cached)
                        .isEqualTo(
                                life == 0
                                        ? 0
                                        : answer.at("/usage/prompt_tokens").asInt());
                assertThat(before == null ? answer.get("choices") : before).isEqualTo(answer.get("choices"));
                before = answer.get("choices");
                if (life == 0) {
                    post(client, url + "/sessions", "{\"id\": \"s\"}");
                    post(client, url + "/completions", "{\"session\": \"s\", \"prompt\": \"" + prompt + "\"}");
                    post(client, url + "/sessions/s/save", "{}");
                } else {
                    assertThat(post(client, url + "/sessions/s/load", "{}")
                                    .get("turns")
                                    .asInt())
                            .isEqualTo(1);
                }
                process.toHandle().destroy();
                assertThat(process.waitFor()).isZero();
            } finally {
                process.destroyForcibly();
            }
        }
    }

    private static JsonNode post(HttpClient client, String url, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer k")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Json.MAPPER.readTree(response.body());
    }

    @Test
    void whatHasNoEffectIsRefused() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("serve", "--model", "no/such", "--spill-budget", "5"))
                .isEqualTo(2);
        assertThat(terminal.err())
                .contains("lizard: --spill-budget has no effect: expected it beside --spill; give that too");
        assertThat(terminal.run("serve", "--model", "no/such", "--spill", "a", "--state-dir", "a"))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: --state-dir and --spill are one folder: expected two but found a");
        assertThat(terminal.run("serve", "--model", "no/such", "--sessions", "0"))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: --sessions out of range: expected 1 or more but found 0");
    }

    @Test
    void whatWouldLetOthersInIsRefusedBeforeTheModelIsLoaded() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("serve", "--model", "no/such", "--host", "0.0.0.0"))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("--host 0.0.0.0 lets other machines in: expected --api-key too");
        assertThat(terminal.out()).isEmpty();
    }
}
