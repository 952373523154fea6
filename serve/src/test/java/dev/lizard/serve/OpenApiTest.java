package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.tensor.LiveTensors;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The document says what there is. */
@ExtendWith(LiveTensors.class)
class OpenApiTest {
    private static ByteModel model;
    private static Server server;
    private static Client client;
    private static JsonNode document;

    @BeforeAll
    static void start() {
        model = new ByteModel(true);
        server = Server.start(model.served(), ServerSettings.local(), logged -> {});
        client = new Client(server);
        document = Json.MAPPER.readTree(client.get("/openapi.json").body());
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        model.close();
    }

    @Test
    void itNamesWhatIsAnsweredAndNothingElse() {
        List<String> places = new ArrayList<>();
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue().propertyNames().stream()
                        .filter(Set.of("get", "post", "delete")::contains)
                        .forEach(method -> places.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
        assertThat(places).containsExactlyInAnyOrderElementsOf(server.places());
    }

    @Test
    void everyFieldItNamesIsLookedAt() {
        assertIsLookedAt("Completion", "/v1/completions", "'prompt': 'x'");
        assertIsLookedAt("Chat", "/v1/chat/completions", "'messages': [{'role': 'user', 'content': 'x'}]");
    }

    private static void assertIsLookedAt(String schema, String path, String least) {
        ObjectNode properties = (ObjectNode) document.at("/components/schemas/" + schema + "/properties");
        properties.setAll((ObjectNode) document.at("/components/schemas/Sampling/properties"));
        assertThat(properties).hasSizeGreaterThan(20);
        for (String name : properties.propertyNames()) {
            String type = properties.at("/" + name + "/type").asString("");
            String rest = least.contains("'" + name + "'") ? "" : least + ", ";
            String wrong = type.equals("object") ? "7" : "{'x': 1}";
            JsonNode error = client.refused(400, path, "{%s'%s': %s}".formatted(rest, name, wrong));
            assertThat(error.get("param").asString()).as(name).startsWith(name);
        }
    }

    @Test
    void whatItPointsAtIsThere() {
        assertThat(document.findValuesAsString("$ref")).isNotEmpty();
        document.findValuesAsString("$ref")
                .forEach(reference -> assertThat(
                                document.at(reference.substring(1)).isObject())
                        .as(reference)
                        .isTrue());
    }

    @Test
    void embeddingsAreRefusedPlainly() {
        HttpResponse<String> response = client.post("/v1/embeddings", "{\"input\": \"x\"}");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(Client.error(response).get("message").asString())
                .isEqualTo("there are no embeddings here: the model only writes text");
    }
}
