package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.tensor.LiveTensors;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A model that knows nothing of JSON writes it. */
@ExtendWith(LiveTensors.class)
class JsonModeTest {
    private static final String PATH = "/v1/chat/completions";
    private static final String SCHEMA = """
        {'type': 'object', 'additionalProperties': false, 'required': ['name', 'age', 'tags', 'kind'], 'properties': {
          'name': {'type': 'string'}, 'age': {'type': 'integer'}, 'nick': {'type': ['string', 'null']},
          'tags': {'type': 'array', 'items': {'enum': ['a', 'bc', 1]}}, 'kind': {'const': {'x': [true]}},
          'home': {'type': 'object', 'properties': {'lat': {'type': 'number'}}, 'required': ['lat']}}}\
        """;

    @RegisterExtension
    static final RunningServer SERVER = new RunningServer(ByteModel::served);

    private static String body(String format, String rest) {
        return "{'messages': [{'role': 'user', 'content': 'x'}], 'response_format': %s, %s}".formatted(format, rest);
    }

    private static String schema() {
        return "{'type': 'json_schema', 'json_schema': {'name': 's', 'strict': true, 'schema': " + SCHEMA + "}}";
    }

    @Test
    void everyAnswerIsAnObject() {
        for (int seed = 0; seed < 8; seed++) {
            String rest = "'n': 4, 'max_tokens': %d, 'seed': %d".formatted(2 + seed * 12, seed * 100);
            JsonNode answer = SERVER.client().ask(PATH, body("{'type': 'json_object'}", rest));
            for (JsonNode choice : answer.get("choices")) {
                String text = choice.at("/message/content").asString();
                assertThat(Json.MAPPER.readTree(text)).as(text).isInstanceOf(ObjectNode.class);
                assertThat(choice.get("finish_reason").asString()).isEqualTo("stop");
            }
        }
    }

    @Test
    void everyAnswerIsWhatTheSchemaSays() {
        for (int seed = 0; seed < 8; seed++) {
            String rest = "'n': 4, 'max_tokens': %d, 'temperature': %d, 'seed': %d"
                    .formatted(80 + seed * 10, seed % 3, seed * 100);
            for (JsonNode choice :
                    SERVER.client().ask(PATH, body(schema(), rest)).get("choices")) {
                JsonNode value =
                        Json.MAPPER.readTree(choice.at("/message/content").asString());
                assertThat(value.propertyNames())
                        .contains("name", "age", "tags", "kind")
                        .isSubsetOf("name", "age", "nick", "tags", "kind", "home");
                assertThat(value.get("name").isString()).isTrue();
                assertThat(value.get("age").isIntegralNumber()).isTrue();
                value.get("tags").forEach(tag -> assertThat(tag.asString()).isIn("a", "bc", "1"));
                assertThat(value.get("kind")).isEqualTo(Json.MAPPER.readTree("{\"x\": [true]}"));
                assertThat(value.path("home").path("lat").isNumber()).isEqualTo(value.has("home"));
            }
        }
    }

    @Test
    void aStreamOfItIsTheSame() {
        String rest = "'max_tokens': 90, 'seed': 5";
        String whole = SERVER.client()
                .ask(PATH, body(schema(), rest))
                .at("/choices/0/message/content")
                .asString();
        List<JsonNode> parts = SERVER.client().stream(PATH, body(schema(), rest + ", 'stream': true"));
        StringBuilder text = new StringBuilder();
        parts.forEach(part -> text.append(part.at("/choices/0/delta/content").asString("")));
        assertThat(text.toString()).isEqualTo(whole);
    }

    @Test
    void anAnswerThatHasTooLittleRoomSaysSo() {
        JsonNode answer = SERVER.client().ask(PATH, body(schema(), "'max_tokens': 5"));
        assertThat(answer.at("/choices/0/finish_reason").asString()).isEqualTo("length");
    }
}
