package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Progress;
import dev.lizard.generate.Session;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A greedy answer is the same whatever happened around it, and what users of other engines report does not happen here:
 * prompts that are read again at each turn, padding that changes a state, a lane that begins with its last owner's state,
 * answers that differ in a batch.
 */
@ExtendWith(LiveTensors.class)
class SameAnswerTest {
    private static final String TEXT = "/v1/completions";
    private static final String FIRST = text(1, 300);
    private static final String SECOND = text(2, 90);
    private static final int TOKENS = 40;

    @TempDir
    private static Path folder = Path.of(".");

    private static ByteModel model;
    private static Server server;
    private static Client client;
    private static Answer alone;

    /** What a request said: each token and how likely it was. */
    private record Answer(String text, List<Double> logprobs) {
        static Answer of(JsonNode answer) {
            List<Double> logprobs = new ArrayList<>();
            answer.at("/choices/0/logprobs/token_logprobs").forEach(value -> logprobs.add(value.asDouble()));
            return new Answer(answer.at("/choices/0/text").asString(), logprobs);
        }

        void assertSame(JsonNode other) {
            Answer answer = of(other);
            assertThat(answer.text).isEqualTo(text);
            assertThat(answer.logprobs).hasSameSizeAs(logprobs);
            for (int i = 0; i < logprobs.size(); i++) {
                assertThat(answer.logprobs.get(i)).isCloseTo(logprobs.get(i), within(1e-3));
            }
        }
    }

    @BeforeAll
    static void start() {
        model = new ByteModel(true);
        alone = alone();
        server = start(64);
        client = new Client(server);
        client.ask("/v1/sessions", "{'id': 'first'}");
        say(client, "first", FIRST);
    }

    /** The definition: a server that does nothing else, and reads all of it. */
    private static Answer alone() {
        try (Server only = start(1);
                Client asks = new Client(only)) {
            asks.ask("/v1/sessions", "{'id': 's'}");
            say(asks, "s", FIRST);
            JsonNode answer = say(asks, "s", SECOND);
            assertThat(answer.at("/choices/0/logprobs/token_logprobs").size()).isEqualTo(TOKENS);
            return Answer.of(answer);
        }
    }

    private static Server start(int running) {
        StateSettings states = new StateSettings(200, folder.resolve("saved"), null, 0);
        ServerSettings local = ServerSettings.local();
        ServerSettings settings = new ServerSettings(
                local.host(),
                0,
                null,
                false,
                running,
                1_024,
                local.keptBytes(),
                local.bodyBytes(),
                local.limit(),
                local.slow());
        return Server.start(model.served(), settings.with(1 << 26, states), logged -> {});
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        model.close();
    }

    private static String text(long seed, int length) {
        RandomStream random = new RandomStream(seed);
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }

    private static String request(String text) {
        return "'prompt': '%s', 'max_tokens': %d, 'temperature': 0, 'ignore_eos': true, 'logprobs': 0}"
                .formatted(text, TOKENS);
    }

    private static JsonNode say(Client to, String session, String text) {
        return to.ask(TEXT, "{'session': '" + session + "', " + request(text));
    }

    private static String fork(String of) {
        return client.ask("/v1/sessions/" + of + "/fork", "{}").get("id").asString();
    }

    @Test
    void batchedAndSingleAnswersDoNotDiffer() throws Exception {
        List<Future<JsonNode>> answers = new ArrayList<>();
        try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 64; i++) {
                String session = fork("first");
                int number = i;
                answers.add(others.submit(() -> number % 8 == 0
                        ? say(client, session, SECOND)
                        : client.ask(TEXT, "{" + request(text(100 + number, 3 + 11 * number)))));
            }
        }
        for (int i = 0; i < 64; i += 8) {
            alone.assertSame(answers.get(i).get());
        }
    }

    @Test
    void afterARewindAndAfterAForkTheAnswerIsTheSame() {
        String session = fork("first");
        say(client, session, text(50, 70));
        say(client, session, text(51, 20));
        client.ask("/v1/sessions/" + session + "/rewind", "{'turns': 1}");
        String fork = fork(session);
        JsonNode answer = say(client, session, SECOND);
        alone.assertSame(answer);
        alone.assertSame(say(client, fork, SECOND));
        client.ask("/v1/sessions/" + fork + "/rewind", "{'tokens': 150}"); // where no state was kept
        JsonNode rest = say(client, fork, FIRST.substring(150));
        assertThat(rest.at("/usage/prompt_tokens").asInt()).isEqualTo(FIRST.length());
        alone.assertSame(say(client, fork, SECOND));
    }

    @Test
    void afterSaveRestartAndLoadTheAnswerIsTheSame() {
        client.ask("/v1/sessions/first/save", "{}");
        try (Server next = start(4);
                Client asks = new Client(next)) {
            asks.ask("/v1/sessions/again/load", "{'file': 'first'}");
            JsonNode answer = say(asks, "again", SECOND);
            alone.assertSame(answer);
            assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").asInt())
                    .isEqualTo(FIRST.length() + TOKENS);
        }
    }

    @Test
    void aPromptInAnyPiecesLeavesTheSameState() {
        int[] ids = model.tokenizer.encode(FIRST + SECOND, false);
        try (Session whole = new Session(model.decoder)) {
            whole.prefill(ids);
            for (int chunk : new int[] {1, 2, 7, 63, 64, 65, 200, 389}) {
                try (Session pieces = new Session(model.decoder)) {
                    pieces.prefill(ids, chunk, Progress.NONE, () -> false);
                    assertThat(pieces.logits())
                            .as("pieces of %d", chunk)
                            .containsExactly(whole.logits(), within(1e-3f));
                }
            }
        }
    }

    @Test
    void noTurnReadsAgainWhatEarlierOnesRead() {
        client.ask("/v1/sessions", "{'id': 'long'}");
        double read = client.figure("lizard:prompt_tokens_total") - client.figure("lizard:prefix_cache_hits_total");
        for (int turn = 0; turn < 10; turn++) {
            say(client, "long", text(turn, 100));
            double now = client.figure("lizard:prompt_tokens_total") - client.figure("lizard:prefix_cache_hits_total");
            assertThat(now - read).as("tokens read in turn %d", turn).isEqualTo(100);
            read = now;
        }
    }

    @Test
    void paddingNeverChangesAState() throws Exception {
        String session = fork("first");
        try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 20; i++) { // rows of other lengths beside it, and rows that are empty after them
                String prompt = text(200 + i, 1 + 37 * i);
                others.submit(() -> client.ask(TEXT, "{" + request(prompt)));
            }
            alone.assertSame(say(client, session, SECOND));
        }
        client.ask("/v1/sessions/" + session + "/rewind", "{'turns': 1}");
        alone.assertSame(say(client, session, SECOND));
    }

    @Test
    void aLaneKeepsNothingOfItsLastOwner() {
        try (Server one = start(1);
                Client asks = new Client(one)) {
            for (int i = 0; i < 6; i++) {
                asks.ask(TEXT, "{" + request(text(300 + i, 80 * i + 1)));
                asks.ask("/v1/sessions", "{'id': 's%d'}".formatted(i));
                say(asks, "s" + i, FIRST);
                asks.ask(TEXT, "{" + request(text(400 + i, 50)));
                alone.assertSame(say(asks, "s" + i, SECOND));
            }
        }
    }
}
