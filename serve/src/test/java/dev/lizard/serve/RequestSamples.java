package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;

/** Requests that are answered, for others to break. */
final class RequestSamples {
    private static final int CONTEXT = 160;

    static final Map<String, String> PATHS = Map.of(
            "completion.json", "/v1/completions",
            "chat.json", "/v1/chat/completions",
            "tokenize.json", "/tokenize",
            "detokenize.json", "/detokenize");

    private RequestSamples() {}

    /** The same for short texts. */
    static Served brief(Served tiny) {
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

    static List<Map<String, byte[]>> all() {
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
                sample("chat.json", """
                    {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9, "n": 2, "response_format":
                     {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object", "properties":
                      {"a": {"type": ["integer", "null"]}, "b": {"type": "array", "items": {"enum": ["x", 1]}}},
                      "required": ["a"], "additionalProperties": false, "$defs": {"N": {"const": 1}}}}}}\
                    """),
                sample("chat.json", """
                    {"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function":
                     {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "content": "7"}], "max_tokens": 3,
                     "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
                     "tool_choice": "required", "parallel_tool_calls": false, "stream": true}\
                    """),
                sample("tokenize.json", "{\"prompt\": \"one <|end|>\", \"add_special_tokens\": false}"),
                sample("detokenize.json", "{\"tokens\": [97, 98, 256]}"));
    }

    private static Map<String, byte[]> sample(String name, String json) {
        return Map.of(name, json.getBytes(UTF_8));
    }
}
