package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.LiveTensors;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

@ExtendWith(LiveTensors.class)
class RefusalsTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";
    private static final String KEY = "secret";
    private static final int BODY = 1 << 16;

    private static ByteModel model;
    private static Server server;
    private static Client client;

    @BeforeAll
    static void start() {
        model = new ByteModel(true);
        server = Server.start(model.served(), settings(null, BODY), logged -> {});
        client = new Client(server);
    }

    private static ServerSettings settings(@Nullable String key, int body) {
        return new ServerSettings(
                "127.0.0.1", 0, key, false, 8, 16, 1 << 20, body, Duration.ofMinutes(1), Duration.ofSeconds(10));
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        model.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "model             | 7            | a text but found 7",
                "prompt            | 7            | a text, token ids, or a list of these but found 7",
                "prompt            | {}           | a text, token ids, or a list of these but found an object",
                "prompt            | ''           | at least one token but found none",
                "prompt            | []           | at least one token but found none",
                "prompt            | [260]        | a whole number from 0 to 259 but found 260",
                "prompt            | [1.5]        | a whole number from 0 to 259 but found 1.5",
                "max_tokens        | 'x'          | a whole number from 0 to 4096 but found a text",
                "max_tokens        | -1           | a whole number from 0 to 4096 but found -1",
                "max_tokens        | 1e999        | a whole number from 0 to 4096 but found Infinity",
                "temperature       | 'warm'       | a number from 0 to 100 but found a text",
                "temperature       | -0.1         | a number from 0 to 100 but found -0.1",
                "top_p             | 2            | a number from 0 to 1 but found 2",
                "top_k             | 1.5          | a whole number from -1 to 2147483647 but found 1.5",
                "min_p             | []           | a number from 0 to 1 but found an array",
                "n                 | 0            | a whole number from 1 to 128 but found 0",
                "n                 | true         | a whole number from 1 to 128 but found a boolean",
                "stream            | 'yes'        | true or false but found a text",
                "stream_options    | 1            | an object but found 1",
                "echo              | 1            | true or false but found 1",
                "logprobs          | true         | a whole number from 0 to 20 but found a boolean",
                "stop              | 5            | a text but found 5",
                "stop              | ['']         | texts of 1 to 4096 characters but found 0",
                "stop[1]           | ['a', 1]     | a text but found 1",
                "seed              | 1e30         | a whole number of 64 bits but found 1.0E30",
                "presence_penalty  | 3            | a number from -2 to 2 but found 3",
                "frequency_penalty | 'x'          | a number from -2 to 2 but found a text",
                "stop_token_ids    | 2            | a list of token ids but found 2",
                "ignore_eos        | 0            | true or false but found 0",
            })
    void aWrongValueIsRefusedByTheNameOfItsField(String field, String value, String told) {
        String name = field.replaceAll("\\[.*", "");
        String prompt = name.equals("prompt") ? "" : "'prompt': 'x', ";
        JsonNode error = client.refused(400, COMPLETIONS, "{%s'%s': %s}".formatted(prompt, name, value));
        assertThat(error.get("message").asString()).isEqualTo("bad value in " + field + ": expected " + told);
        assertThat(error.get("param").asString()).isEqualTo(field);
        assertThat(error.get("type").asString()).isEqualTo("invalid_request_error");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "messages           | 7                                     | messages",
                "messages           | []                                    | messages",
                "messages           | ['x']                                 | messages",
                "messages           | [{'role': 7, 'content': 'x'}]         | messages",
                "messages           | [{'role': 'user'}]                    | messages",
                "messages           | [{'role': 'user', 'content': 7}]      | messages",
                "messages           | [{'role': 'user', 'content': [{'type': 'image_url'}]}] | messages",
                "max_tokens         | 0                                     | max_tokens",
                "max_completion_tokens | 'x'                                | max_completion_tokens",
                "logprobs           | 2                                     | logprobs",
                "top_logprobs       | 3                                     | top_logprobs",
                "tools              | [{'type': 'function'}]                | tools[0]",
                "tools              | [{'type': 'function', 'function': {'name': 'f g'}}] | tools[0].function.name",
                "tools              | [{'type': 'function', 'function': {'name': 'f', 'parameters': 7}}]"
                        + " | tools[0].function.parameters",
                "tools              | [{'type': 'function', 'function': {'name': 'f'}}] | tools",
                "tools              | {}                                    | tools",
                "tool_choice        | 'required'                            | tool_choice",
                "tool_choice        | 7                                     | tool_choice",
                "tool_choice        | {'type': 'function', 'function': {'name': 'f'}} | tool_choice",
                "functions          | [{'name': 'f'}]                       | functions",
                "response_format    | 'json'                                | response_format",
                "response_format    | {'type': 'xml'}                       | response_format.type",
                "response_format    | {'type': 'json_schema'}               | response_format.json_schema",
                "response_format    | {'type': 'json_schema', 'json_schema': {'name': 'x'}}"
                        + " | response_format.json_schema.schema",
                "response_format    | {'type': 'json_schema', 'json_schema': {'schema': {'pattern': 'x'}}}"
                        + " | response_format",
                "logit_bias         | {'1': 2}                              | logit_bias",
            })
    void aChatIsRefusedByTheNameOfTheField(String field, String value, String param) {
        String messages = field.equals("messages") ? "" : "'messages': [{'role': 'user', 'content': 'x'}], ";
        JsonNode error = client.refused(400, CHAT, "{%s'%s': %s}".formatted(messages, field, value));
        assertThat(error.get("param").asString()).isEqualTo(param);
        assertThat(error.get("message").asString()).contains(param);
    }

    @Test
    void fieldsThatAskForNothingAndUnknownOnesAreAccepted() {
        client.ask(CHAT, """
            {'model': 'tiny', 'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 'x'}]}],
             'max_tokens': 1, 'tools': [], 'tool_choice': 'none', 'response_format': {'type': 'text'}, 'user': 'me',
             'store': true, 'metadata': {'a': 1}, 'logit_bias': {}, 'stream_options': null, 'n': null,
             'service_tier': 'auto', 'parallel_tool_calls': false, 'x': [[1]]}\
            """);
    }

    @Test
    void whatIsNoJsonObjectIsRefused() {
        for (String body : List.of("", "{", "[]", "7", "null", "{'a': 1} x", "{'prompt': 'x', 'prompt': 'y'}", "nul")) {
            client.refused(400, COMPLETIONS, body);
        }
        HttpResponse<String> latin = client.post(COMPLETIONS, "{\"prompt\": \"\u00e9\"}".getBytes(ISO_8859_1));
        assertThat(latin.statusCode()).isEqualTo(400);
        assertThat(Client.error(latin).get("message").asString()).contains("expected UTF-8");
        String deep = "[".repeat(20_000) + "]".repeat(20_000);
        client.refused(400, COMPLETIONS, "{'prompt': 'x', 'x': " + deep + "}");
        client.refused(400, CHAT, "{'messages': " + deep + "}");
    }

    @Test
    void aModelThatIsNotServedAndAPlaceThatIsNotThereAreNotFound() {
        assertThat(client.refused(404, COMPLETIONS, "{'model': 'gpt', 'prompt': 'x'}")
                        .get("code")
                        .asString())
                .isEqualTo("model_not_found");
        assertThat(client.get("/v1/models/gpt").statusCode()).isEqualTo(404);
        assertThat(client.get("/v1/models/tiny").statusCode()).isEqualTo(200);
        client.refused(404, "/v1/embeddings", "{}");
        assertThat(client.get("/v1/completions").statusCode()).isEqualTo(405);
        assertThat(client.get("/..%2f..%2fetc/passwd").statusCode()).isBetween(400, 404);
    }

    @Test
    void aPromptLongerThanTheContextSaysSo() {
        String body = "{'prompt': '%s', 'max_tokens': 10}";
        JsonNode error = client.refused(400, COMPLETIONS, body.formatted("x".repeat(ByteModel.CONTEXT - 9)));
        assertThat(error.get("code").asString()).isEqualTo("context_length_exceeded");
        assertThat(error.get("message").asString()).contains("expected at most 4096 tokens but found 4087");
        String chat = "{'messages': [{'role': 'user', 'content': '%s'}]}".formatted("x".repeat(5_000));
        assertThat(client.refused(400, CHAT, chat).get("code").asString()).isEqualTo("context_length_exceeded");
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedAndTheNextRequestServed() {
        byte[] large = "x".repeat(40 * BODY).getBytes(UTF_8);
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> response = client.post(COMPLETIONS, large);
            assertThat(response.statusCode()).isEqualTo(413);
            assertThat(Client.error(response).get("message").asString()).contains("at most 65536 bytes");
        }
        client.ask(COMPLETIONS, "{'prompt': 'x', 'max_tokens': 1}");
    }

    @Test
    void onlyTheKeyOpensTheDoor() {
        try (Server locked = Server.start(model.served(), settings(KEY, BODY), logged -> {});
                Client other = new Client(locked)) {
            for (String given : List.of("", "Bearer", "Bearer ", "Bearer secre", "Bearer secret2", "Basic secret")) {
                HttpRequest.Builder request = other.request("/v1/models").GET();
                if (!given.isEmpty()) {
                    request.header("Authorization", given);
                }
                HttpResponse<String> response = other.send(request);
                assertThat(response.statusCode()).as(given).isEqualTo(401);
                assertThat(Client.error(response).get("code").asString()).isEqualTo("invalid_api_key");
            }
            assertThat(other.send(other.request("/v1/models").header("Authorization", "Bearer " + KEY))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(other.get("/health").statusCode()).isEqualTo(200);
            assertThat(other.get("/metrics").statusCode()).isEqualTo(401);
        }
    }

    @Test
    void pagesOfOtherPlacesAreNotAnswered() {
        for (String origin : List.of("http://evil.example", "null", "http://127.0.0.1:1")) {
            HttpRequest.Builder request = client.request("/v1/models").header("Origin", origin);
            assertThat(client.send(request).statusCode()).as(origin).isEqualTo(403);
        }
        HttpRequest.Builder own = client.request("/v1/models").header("Origin", "http://127.0.0.1:" + server.port());
        HttpResponse<String> response = client.send(own);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("access-control-allow-origin")).isEmpty();
    }

    @Test
    void othersMayNotComeInWithoutAKeyUnlessTheUserSaysSo() {
        List<String> refused = new ArrayList<>();
        for (String host : List.of("0.0.0.0", "192.0.2.1", "::")) {
            assertThatThrownBy(() -> settings(host, null, false))
                    .isInstanceOf(LizardException.class)
                    .hasMessage("--host " + host + " lets other machines in: expected --api-key too but found none;"
                            + " give a key, or --insecure if everyone may use the model");
            refused.add(host);
            assertThat(settings(host, KEY, false).host()).isEqualTo(host);
            assertThat(settings(host, null, true).host()).isEqualTo(host);
        }
        assertThat(refused).hasSize(3);
        assertThat(settings("::1", null, false).apiKey()).isNull();
        assertThat(settings("localhost", null, false).apiKey()).isNull();
    }

    private static ServerSettings settings(String host, @Nullable String key, boolean open) {
        return new ServerSettings(host, 0, key, open, 8, 16, 0, BODY, Duration.ofMinutes(1), Duration.ofSeconds(10));
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        ServerSettings taken = new ServerSettings(
                "127.0.0.1", server.port(), null, false, 1, 1, 0, BODY, Duration.ofMinutes(1), Duration.ofSeconds(1));
        assertThatThrownBy(() -> Server.start(model.served(), taken, logged -> {}))
                .isInstanceOf(LizardException.class)
                .hasMessage("cannot listen in 127.0.0.1:" + server.port()
                        + ": expected an address of this machine and a free"
                        + " port but found one that is taken or not allowed; choose another --port or --host");
    }
}
