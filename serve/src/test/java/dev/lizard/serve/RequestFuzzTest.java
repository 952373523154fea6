package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException;
import dev.lizard.base.fuzz.FuzzContract;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Requests of all kinds, broken: each is answered, or refused in the usual form, and never by a fault of ours. */
class RequestFuzzTest extends FuzzContract {
    private static final int CONTEXT = 48;
    private static final Map<String, String> PATHS = Map.of(
            "completion.json", "/v1/completions",
            "chat.json", "/v1/chat/completions",
            "tokenize.json", "/tokenize",
            "detokenize.json", "/detokenize");

    private static final ByteModel MODEL = new ByteModel(true);
    static final Served SERVED = brief(MODEL.served());
    private static final Server SERVER = Server.start(
            SERVED,
            new ServerSettings(
                    "127.0.0.1",
                    0,
                    null,
                    false,
                    16,
                    64,
                    1 << 20,
                    1 << 16,
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(20)),
            logged -> {});
    private static final Client CLIENT = new Client(SERVER);

    private static Served brief(Served tiny) {
        return new Served(
                tiny.id(),
                tiny.decoder(),
                tiny.tokenizer(),
                tiny.chat(),
                tiny.endIds(),
                CONTEXT,
                tiny.stateBytes(),
                tiny.cacheBytes(),
                tiny.liveTensors());
    }

    @Override
    public String name() {
        return "requests";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        return List.of(
                sample("completion.json", """
                    {"model": "tiny", "prompt": "one", "max_tokens": 3, "temperature": 0.7, "top_p": 0.9, "n": 2,
                     "seed": 1, "stop": ["x", "yz"], "logprobs": 2, "echo": true, "stream": false, "top_k": 5}\
                    """),
                sample("completion.json", """
                    {"prompt": [[1, 2], [1, 3, 4]], "max_tokens": 0, "echo": true, "logprobs": 1,
                     "presence_penalty": 0.5, "frequency_penalty": -0.5, "stop_token_ids": [7], "min_p": 0.1}\
                    """),
                sample("completion.json", """
                    {"prompt": ["a", "b"], "max_tokens": 2, "stream": true, "stream_options": {"include_usage": true}}\
                    """),
                sample("chat.json", """
                    {"model": "tiny", "messages": [{"role": "system", "content": "s"}, {"role": "user",
                     "content": [{"type": "text", "text": "hi"}]}, {"role": "assistant", "content": "ho"},
                     {"role": "user", "content": "hm"}], "max_tokens": 2, "logprobs": true, "top_logprobs": 1,
                     "tools": [], "response_format": {"type": "text"}, "stream": true}\
                    """),
                sample("tokenize.json", "{\"prompt\": \"one <|end|>\", \"add_special_tokens\": false}"),
                sample("detokenize.json", "{\"tokens\": [97, 98, 256]}"));
    }

    private static Map<String, byte[]> sample(String name, String json) {
        return Map.of(name, json.getBytes(UTF_8));
    }

    @Override
    public void read(Map<String, byte[]> input) {
        input.forEach((name, body) -> {
            HttpResponse<String> response = CLIENT.post(PATHS.getOrDefault(name, "/"), body);
            int status = response.statusCode();
            if (status == 200) {
                assertThat(response.body()).doesNotContain("server_error");
                return;
            }
            assertThat(status).as(response.body()).isIn(400, 404, 413);
            throw LizardException.input(Client.error(response).get("message").asString());
        });
    }
}
