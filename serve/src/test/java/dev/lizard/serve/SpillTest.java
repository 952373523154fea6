package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.LiveTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Servers that follow one another on one folder of states. */
@ExtendWith(LiveTensors.class)
class SpillTest {
    private static final String TEXT = "/v1/completions";

    private static ByteModel model;

    @TempDir
    private Path folder = Path.of(".");

    private final List<String> told = new ArrayList<>();

    @BeforeAll
    static void open() {
        model = new ByteModel(true);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private Server start(long kept) {
        StateSettings states = new StateSettings(10, null, folder, 1 << 28);
        return Server.start(
                List.of(model.served()), ServerSettings.local().with(kept, states), logged -> {}, told::add);
    }

    private static JsonNode ask(Client client, String prompt) {
        return client.ask(
                TEXT,
                "{'prompt': '" + prompt + "', 'max_tokens': 9, 'temperature': 0, 'logprobs': 1, 'ignore_eos': true}");
    }

    private static int cached(JsonNode answer) {
        return answer.at("/usage/prompt_tokens_details/cached_tokens").asInt();
    }

    private static double found(Client client, String where) {
        return client.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("lizard:prefix_lookups_total{") && line.contains("\"" + where + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void whatWasReadBeforeARestartIsNotReadAgainAndGoesOnTheSame() {
        String prompt = "a prompt that is long enough to be kept";
        JsonNode before;
        try (Server server = start(1 << 24);
                Client client = new Client(server)) {
            before = ask(client, prompt);
            assertThat(cached(before)).isZero();
            assertThat(found(client, "nowhere")).isEqualTo(1);
        }
        try (Server server = start(1 << 24);
                Client client = new Client(server)) {
            assertThat(client.figure("lizard:spilled_states")).isEqualTo(2); // after the prompt and the answer
            assertThat(client.figure("lizard:spilled_state_bytes")).isPositive();
            JsonNode after = ask(client, prompt);
            assertThat(cached(after)).isEqualTo(prompt.length());
            assertThat(after.get("choices")).isEqualTo(before.get("choices"));
            assertThat(found(client, "disk")).isEqualTo(1);
            assertThat(cached(ask(client, prompt))).isEqualTo(prompt.length());
            assertThat(found(client, "memory")).isEqualTo(1);
        }
        assertThat(told).isEmpty();
    }

    @Test
    void whatMemoryHasNoRoomForIsFoundOnTheDisk() {
        String[] prompts = new String[8];
        JsonNode[] first = new JsonNode[prompts.length];
        try (Server server = start(40_000); // one or two states
                Client client = new Client(server)) {
            for (int i = 0; i < prompts.length; i++) {
                prompts[i] = "prompt number " + i + " of several that are long";
                first[i] = ask(client, prompts[i]);
            }
            while (server.figures().spilled() + server.figures().held().keptStates() < 2 * prompts.length) {
                Thread.onSpinWait(); // they are written behind the answers
            }
            for (int i = 0; i < prompts.length; i++) {
                JsonNode again = ask(client, prompts[i]);
                assertThat(again.get("choices")).isEqualTo(first[i].get("choices"));
            }
            assertThat(found(client, "disk")).isGreaterThan(4);
            assertThat(found(client, "nowhere")).isEqualTo(prompts.length);
            assertThat(server.figures().held().keptBytes()).isLessThanOrEqualTo(40_000);
        }
    }

    @Test
    void aDamagedStateCostsOneLineAndOneReading() throws IOException {
        String prompt = "a prompt that is long enough to be kept";
        JsonNode before;
        try (Server server = start(1 << 24);
                Client client = new Client(server)) {
            before = ask(client, prompt);
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(file -> file.toString().contains("-39-")).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                bytes[bytes.length - 100] ^= 1;
                Files.write(file, bytes);
            }
        }
        try (Server server = start(1 << 24);
                Client client = new Client(server)) {
            JsonNode after = ask(client, prompt);
            assertThat(cached(after)).isZero();
            assertThat(after.get("choices")).isEqualTo(before.get("choices"));
        }
        assertThat(told).hasSize(1);
        assertThat(told.getFirst()).startsWith("spilled state deleted: torn or changed session file");
    }
}
