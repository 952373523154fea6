package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Real loads on real servers: one that the command starts, and one that runs already. */
class BenchServeCommandTest {
    @TempDir
    private Path folder = Path.of(".");

    private final Terminal terminal = new Terminal();

    private int run(String... more) {
        List<String> args = new ArrayList<>(List.of("--prompt-tokens=20", "--new-tokens=5", "--requests=2"));
        args.addAll(List.of(more));
        return bench(args);
    }

    private int bench(List<String> more) {
        List<String> args = new ArrayList<>(List.of("bench", "serve", "--device=cpu", "--threads=1", "--quiet"));
        args.addAll(more);
        return terminal.run(args.toArray(String[]::new));
    }

    private static void assertPercentiles(JsonNode all) {
        assertThat(all.propertyNames()).containsExactly("p50", "p95", "p99");
        assertThat(all.get("p50").asDouble())
                .isPositive()
                .isLessThanOrEqualTo(all.get("p95").asDouble());
        assertThat(all.get("p95").asDouble()).isLessThanOrEqualTo(all.get("p99").asDouble());
    }

    /** A line of the history: all was answered, and the speed is of the tokens that were asked for. */
    private static void assertRecord(JsonNode record, int requests) {
        assertThat(record.propertyNames())
                .containsExactly(
                        "model",
                        "streams",
                        "rate",
                        "prompt_tokens",
                        "new_tokens",
                        "requests",
                        "failed",
                        "seconds",
                        "tokens_per_s",
                        "first_ms",
                        "token_ms",
                        "peak_bytes",
                        "device",
                        "cores");
        assertThat(record.get("requests").asInt()).isEqualTo(requests);
        assertThat(record.get("failed").asInt()).isZero();
        assertThat(record.get("prompt_tokens").asInt()).isEqualTo(20);
        assertThat(record.get("new_tokens").asInt()).isEqualTo(5);
        double tokens =
                record.get("tokens_per_s").asDouble() * record.get("seconds").asDouble();
        assertThat(Math.round(tokens)).isEqualTo(5L * requests);
        assertPercentiles(record.get("first_ms"));
        assertPercentiles(record.get("token_ms"));
        assertThat(record.get("cores").asInt()).isPositive();
    }

    @Test
    void aServerIsStartedLoadedAndStopped() throws IOException {
        String model = TinyModel.converted(folder.resolve("tiny")).toString();
        Path history = folder.resolve("history.jsonl");
        Files.writeString(history, "{}\n");
        terminal.with("LIZARD_API_KEY", "not for the server of a load");
        int code = run("--model=" + model, "--streams=3", "--history=" + history, "--json");
        assertThat(code).as(terminal.err()).isZero();
        List<String> lines = Files.readAllLines(history);
        assertThat(lines).hasSize(2).first().isEqualTo("{}");
        assertThat(terminal.outLines()).containsExactly(lines.getLast());
        JsonNode record = Json.MAPPER.readTree(lines.getLast());
        assertRecord(record, 6);
        assertThat(record.get("model").asString()).isEqualTo(model);
        assertThat(record.get("streams").asInt()).isEqualTo(3);
        assertThat(record.get("rate").isNull()).isTrue();
        assertThat(record.get("device").asString()).isEqualTo("cpu");
        assertThat(record.get("peak_bytes").asLong()).isGreaterThan(10 << 20);
    }

    @Test
    void oneThatRunsIsLoadedByClientsThatWaitAndByRequestsThatDoNot() throws Exception {
        Process process = ServeCommandTest.process(TinyModel.converted(folder.resolve("tiny")));
        try (BufferedReader out = process.inputReader()) {
            String url =
                    Json.MAPPER.readTree(out.readLine()).get("url").asString().replace("/v1", "/");
            Thread.ofVirtual().start(() -> out.lines().forEach(_ -> {}));
            Path history = folder.resolve("history.jsonl");
            terminal.with("LIZARD_API_KEY", "k");
            String pid = "--pid=" + process.pid();
            int code = run("--url=" + url, pid, "--name=mine", "--streams=1,2", "--rates=200", "--history=" + history);
            assertThat(code).as(terminal.err()).isZero();
            List<JsonNode> records = Files.readAllLines(history).stream()
                    .map(Json.MAPPER::readTree)
                    .toList();
            assertThat(records).hasSize(3).allSatisfy(record -> {
                assertThat(record.get("model").asString()).isEqualTo("mine");
                assertThat(record.get("peak_bytes").asLong()).isPositive();
            });
            assertRecord(records.get(0), 2);
            assertRecord(records.get(1), 4);
            assertRecord(records.get(2), 32);
            assertThat(records.get(2).get("rate").asDouble()).isEqualTo(200);
            assertThat(records.get(2).get("streams").isNull()).isTrue();
            assertThat(terminal.outLines()).hasSize(3);
            assertThat(terminal.out())
                    .contains("1 stream: ", "2 streams: ", "200 requests a second: ", ", 32 requests, memory ")
                    .doesNotContain("FAILED");

            terminal.with("LIZARD_API_KEY", "another");
            assertThat(run("--url=" + url, "--vocabulary=260", "--streams=2", "--history=" + history))
                    .isEqualTo(1);
            assertThat(terminal.err().lines())
                    .singleElement()
                    .asString()
                    .startsWith("lizard: no request was answered: expected tokens but all 2 failed, the first with:"
                            + " status 401: ");
            assertThat(Files.readAllLines(history)).hasSize(3);
            assertThat(terminal.out()).isEmpty();
            assertThat(run("--url=" + url, "--streams=1")).isEqualTo(2);
            assertThat(terminal.err()).contains(" does not tell its vocabulary: give --vocabulary");
            process.toHandle().destroy();
            assertThat(process.waitFor()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aServerThatNobodyStartedIsMissed() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        assertThat(run("--url=http://127.0.0.1:" + port, "--streams=1")).isEqualTo(4);
        assertThat(terminal.err().lines())
                .singleElement()
                .asString()
                .startsWith("lizard: no server in http://127.0.0.1:" + port + ": expected one that answers but found ")
                .endsWith("; check --url, or start it first");
    }

    @Test
    void aModelThatIsNotThereIsToldAsTheServerTellsIt() {
        assertThat(run("--model=./nowhere", "--streams=1")).isEqualTo(3);
        assertThat(terminal.err())
                .isEqualTo("lizard: the server did not start: no model in './nowhere': expected a folder, a .gguf file,"
                        + " a hub name owner/name or 'demo' but found nothing there; check the path or its spelling"
                        + System.lineSeparator());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--url=http://x --streams=0 | --streams out of range: expected 1 or more but found 0",
                "--url=http://x --streams=1,-2 | --streams out of range: expected 1 or more but found -2",
                "--url=http://x --rates=0 | --rates out of range: expected above 0, at most 1000000",
                "--url=http://x --rates=NaN | --rates out of range: expected above 0, at most 1000000",
                "--url=http://x --new-tokens=0 | --new-tokens out of range: expected 1 or more but found 0",
                "--url=http://x --prompt-tokens=0 | --prompt-tokens out of range: expected 1 or more but found 0",
                "--url=http://x --requests=0 | --requests out of range: expected 1 or more but found 0",
                "--url=http://x --vocabulary=9 | --pid or --vocabulary out of range: expected 0 or more, and",
                "--url=ftp://x | bad value in --url: expected an address such as http://localhost:8080 but found",
                "--url=nowhere | bad value in --url: expected an address such as http://localhost:8080 but found",
                "--model=x --pid=7 | --pid and --vocabulary have no effect: expected them beside --url; take them out",
                "--model=x --url=http://x | expected either --model, with --student perhaps, or --url; give one",
                "--student=x --url=http://x | expected either --model, with --student perhaps, or --url; give one",
                "--streams=1 | expected either --model, with --student perhaps, or --url; give one"
            })
    void whatMeansNothingIsRefusedInOneLine(String flags, String line) {
        assertThat(bench(List.of(flags.strip().split(" ")))).isEqualTo(2);
        assertThat(terminal.err().lines()).singleElement().asString().startsWith("lizard: " + line);
    }
}
