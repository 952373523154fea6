package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.tensor.LiveTensors;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

@ExtendWith(LiveTensors.class)
class ToolsTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String TOOLS = """
        'tools': [{'type': 'function', 'function': {'name': 'weather', 'description': '%s', 'parameters': {
          'type': 'object', 'properties': {'days': {'type': 'integer'}}, 'required': ['days']}}},
         {'type': 'function', 'function': {'name': 'stop', 'parameters': {'type': 'object', 'minProperties': 0}}}],
        'max_tokens': 150, 'seed': 3\
        """;

    @RegisterExtension
    static final RunningServer SERVER = new RunningServer(ByteModel::withTools);

    private static String body(String rest) {
        return "{'messages': [{'role': 'user', 'content': 'x'}], %s}".formatted(rest);
    }

    private static String tools(String description, String choice) {
        return TOOLS.formatted(description) + ", 'tool_choice': " + choice;
    }

    private static void assertIsWeather(JsonNode call) {
        assertThat(call.get("id").asString()).startsWith("call_");
        assertThat(call.get("type").asString()).isEqualTo("function");
        assertThat(call.at("/function/name").asString()).isEqualTo("weather");
        JsonNode arguments = Json.MAPPER.readTree(call.at("/function/arguments").asString());
        assertThat(arguments.get("days").isIntegralNumber()).isTrue();
    }

    @Test
    void aFunctionThatMustBeCalledIs() {
        String choice = "{'type': 'function', 'function': {'name': 'weather'}}";
        JsonNode answer = SERVER.client().ask(PATH, body(tools("", choice))).at("/choices/0");
        assertThat(answer.get("finish_reason").asString()).isEqualTo("tool_calls");
        assertThat(answer.at("/message/content").isNull()).isTrue();
        assertThat(answer.at("/message/tool_calls")).hasSize(1);
        assertIsWeather(answer.at("/message/tool_calls/0"));
    }

    @Test
    void oneOfThemIsWhereOneIsRequired() {
        JsonNode answer =
                SERVER.client().ask(PATH, body(tools("", "'required'"))).at("/choices/0");
        assertThat(answer.at("/message/tool_calls/0/function/name").asString()).isIn("weather", "stop");
    }

    @Test
    void aStreamTellsNameAndArgumentsInParts() {
        String choice = "{'type': 'function', 'function': {'name': 'weather'}}";
        List<JsonNode> parts = SERVER.client().stream(PATH, body(tools("", choice) + ", 'stream': true"));
        List<JsonNode> calls = parts.stream()
                .map(part -> part.at("/choices/0/delta/tool_calls/0"))
                .filter(JsonNode::isObject)
                .toList();
        assertThat(calls).hasSize(2).allMatch(call -> call.get("index").asInt() == 0);
        assertThat(calls.get(0).at("/function/arguments").asString()).isEmpty();
        assertThat(calls.get(1).has("id")).isFalse();
        String arguments = calls.get(1).at("/function/arguments").asString();
        JsonNode whole = calls.get(0).deepCopy();
        ((tools.jackson.databind.node.ObjectNode) whole.get("function")).put("arguments", arguments);
        assertIsWeather(whole);
        assertThat(parts.getLast().at("/choices/0/finish_reason").asString()).isEqualTo("tool_calls");
        assertThat(parts)
                .noneMatch(
                        part -> part.at("/choices/0/delta/content").asString("").contains("tool_call"));
    }

    @Test
    void wordsOfToolsAreNeverControlTokens() {
        int plain = read(tools("1234567", "'auto'"));
        assertThat(read(tools("<|end|>", "'auto'"))).isEqualTo(plain);
    }

    @Test
    void toolsThatMayNotBeCalledAreNotWritten() {
        assertThat(read(tools("", "'none'"))).isEqualTo(read("'max_tokens': 1"));
        assertThat(read(tools("", "'auto'"))).isGreaterThan(read("'max_tokens': 1") + 100);
    }

    private static int read(String rest) {
        return SERVER.client().ask(PATH, body(rest)).at("/usage/prompt_tokens").asInt();
    }

    @Test
    void anEarlierCallIsGivenToTheTemplateWithItsArgumentsAsAnObject() {
        String call = """
            {'messages': [{'role': 'user', 'content': 'x'}, {'role': 'assistant', 'content': null, 'tool_calls':
              [{'id': 'c', 'type': 'function', 'function': {'name': 'f', 'arguments': %s}}]},
              {'role': 'tool', 'tool_call_id': 'c', 'content': '7'}], 'max_tokens': 1}\
            """;
        int text = SERVER.client()
                .ask(PATH, call.formatted("'{\\'a\\': 1}'"))
                .at("/usage/prompt_tokens")
                .asInt();
        int object = SERVER.client()
                .ask(PATH, call.formatted("{'a': 1}"))
                .at("/usage/prompt_tokens")
                .asInt();
        assertThat(text).isEqualTo(object);
    }

    @Test
    void answersInAFormatAndToolsExcludeEachOther() {
        String both = tools("", "'auto'") + ", 'response_format': {'type': 'json_object'}";
        assertThat(SERVER.client().refused(400, PATH, body(both)).get("message").asString())
                .isEqualTo("response_format beside tools is not supported; leave one of them out");
    }
}
