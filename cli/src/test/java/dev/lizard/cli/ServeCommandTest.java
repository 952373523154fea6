package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import java.io.BufferedReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ServeCommandTest {
    @TempDir
    Path folder = Path.of(".");

    @Test
    void aModelIsServedUntilTheServerIsToldToStop() throws Exception {
        Path model = TinyModel.converted(folder.resolve("tiny"));
        List<String> command = List.of(
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
                "--quiet");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("LIZARD_API_KEY", "k");
        Process process = builder.start();
        try (BufferedReader out = process.inputReader();
                HttpClient client = HttpClient.newHttpClient()) {
            JsonNode started = Json.MAPPER.readTree(out.readLine());
            assertThat(started.get("model").asString()).isEqualTo("tiny");
            String body = """
                    {"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 3,
                     "ignore_eos": true}""";
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
            process.destroy(); // politely
            assertThat(process.waitFor()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void whatWouldLetOthersInIsRefusedBeforeTheModelIsLoaded() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("serve", "--model", "no/such", "--host", "0.0.0.0")).isEqualTo(2);
        assertThat(terminal.err()).contains("--host 0.0.0.0 lets other machines in: expected --api-key too");
        assertThat(terminal.out()).isEmpty();
    }
}
