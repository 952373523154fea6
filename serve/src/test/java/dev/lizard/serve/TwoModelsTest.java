package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.tensor.LiveTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** A student and its teacher behind one address. */
@ExtendWith(LiveTensors.class)
class TwoModelsTest {
    private static final String TEXT = "/v1/completions";

    private static ByteModel student;
    private static ByteModel teacher;
    private static Server server;
    private static Client client;

    @BeforeAll
    static void start() {
        student = new ByteModel(true);
        teacher = new ByteModel(false);
        Served named = teacher.served();
        Served second = new Served(
                "teacher",
                named.decoder(),
                named.tokenizer(),
                named.chat(),
                named.endIds(),
                named.context(),
                named.cacheBytes(),
                named.cacheBytes(),
                named.liveTensors());
        server = Server.start(List.of(student.served(), second), ServerSettings.local(), logged -> {}, line -> {});
        client = new Client(server);
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        student.close();
        teacher.close();
    }

    private static JsonNode ask(Client of, String model, String prompt) {
        return of.ask(
                TEXT,
                "{'model': '%s', 'prompt': '%s', 'max_tokens': 20, 'temperature': 0, 'ignore_eos': true}"
                        .formatted(model, prompt));
    }

    private static String text(JsonNode answer) {
        return answer.at("/choices/0/text").asString();
    }

    @Test
    void eachAnswersAsWhereItIsAlone() throws Exception {
        List<String> alone = new ArrayList<>();
        for (ByteModel model : List.of(student, teacher)) {
            try (Server one = Server.start(model.served(), ServerSettings.local(), logged -> {});
                    Client other = new Client(one)) {
                for (int i = 0; i < 12; i++) {
                    alone.add(text(ask(other, "tiny", "prompt " + i + " of some")));
                }
            }
        }
        List<Future<JsonNode>> answers = new ArrayList<>();
        try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String model : List.of("tiny", "teacher")) {
                for (int i = 0; i < 12; i++) {
                    String prompt = "prompt " + i + " of some";
                    answers.add(all.submit(() -> ask(client, model, prompt)));
                }
            }
        }
        for (int i = 0; i < alone.size(); i++) {
            assertThat(text(answers.get(i).get())).as("answer %d", i).isEqualTo(alone.get(i));
        }
        assertThat(alone.subList(0, 12)).isNotEqualTo(alone.subList(12, 24));
    }

    @Test
    void theyAreListedAndAnAnswerSaysWhoseItIs() {
        JsonNode list = Json.MAPPER.readTree(client.get("/v1/models").body()).get("data");
        assertThat(list.size()).isEqualTo(2);
        assertThat(list.get(0).get("id").asString()).isEqualTo("tiny");
        assertThat(list.get(1).get("id").asString()).isEqualTo("teacher");
        JsonNode answer = ask(client, "teacher", "some prompt");
        assertThat(answer.get("model").asString()).isEqualTo("teacher");
        assertThat(answer.at("/usage/state_bytes").asInt()).isEqualTo(256 * 31);
        assertThat(client.ask(TEXT, "{'prompt': 'x', 'max_tokens': 1}")
                        .get("model")
                        .asString())
                .isEqualTo("tiny");
        assertThat(client.refused(404, TEXT, "{'model': 'none', 'prompt': 'x'}")
                        .get("message")
                        .asString())
                .isEqualTo("no model 'none' here: expected 'tiny' or 'teacher'");
    }

    @Test
    void aFigureIsNamedOnceAndToldOfEach() {
        ask(client, "teacher", "another prompt");
        List<String> lines = client.get("/metrics").body().lines().toList();
        assertThat(lines.stream().filter(line -> line.equals("# TYPE lizard:generation_tokens_total counter")))
                .hasSize(1);
        assertThat(lines.stream().filter(line -> line.startsWith("lizard:generation_tokens_total{")))
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).contains("model_name=\"teacher\""));
    }

    @Test
    void sessionsAreOfTheFirst() {
        client.ask("/v1/sessions", "{'id': 's'}");
        assertThat(client.refused(400, TEXT, "{'model': 'teacher', 'session': 's', 'prompt': 'x'}")
                        .get("message")
                        .asString())
                .isEqualTo("session is not supported; sessions are of model 'tiny'");
        client.ask(TEXT, "{'model': 'tiny', 'session': 's', 'prompt': 'x'}");
    }
}
