package dev.lizard.text.jinja;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Templates of our own, in the manner of the well-known families and one for each construct, against what Jinja 3.1.6
 * (sandboxed, trim_blocks, lstrip_blocks, loop controls: as transformers sets it up) renders. Each line of the resource
 * is one template with its variables and what came of them; {@code ours} marks what is refused instead (see
 * package-info).
 */
class TemplateReferenceTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Test
    void everyReferenceRenderingIsEqual() throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        InputStream resource = Objects.requireNonNull(getClass().getResourceAsStream("reference.jsonl"));
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(resource, UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(JSON.readTree(line));
            }
        }
        Map<String, Object> standard = variables(lines.getFirst().get("standard"));
        List<String> differences = new ArrayList<>();
        int checked = 0;
        int known = 0;
        for (JsonNode line : lines.subList(1, lines.size())) {
            String source = line.get("template").asString();
            for (JsonNode run : line.get("runs")) {
                Map<String, Object> variables =
                        run.get("variables").isString() ? standard : variables(run.get("variables"));
                checked++;
                known += run.has("ours") ? 1 : 0;
                String expected = expected(run);
                String found = render(source, variables);
                if (!found.equals(expected)) {
                    differences.add("%s%n  %s%n  expected %s%n  found    %s"
                            .formatted(line.get("name").asString(), source, expected, found));
                }
            }
        }
        System.out.println(checked + " renderings compared, " + known + " of them known to differ");
        assertThat(differences).isEmpty();
        assertThat(known).isLessThan(10);
        assertThat(checked).isGreaterThan(800);
    }

    private static String expected(JsonNode run) {
        if (run.has("ours")) {
            return run.get("ours").asString();
        }
        if (run.has("rendered")) {
            return run.get("rendered").asString();
        }
        return run.has("refused") ? "refused: " + run.get("refused").asString() : "error";
    }

    private static String render(String source, Map<String, Object> variables) {
        try {
            return Template.parse(source, Clock.systemUTC()).render(variables);
        } catch (LizardException refused) {
            String message = refused.getMessage();
            assertThat(message).startsWith("chat template").doesNotContain("\n");
            String mark = "refuses the conversation: ";
            int at = message.indexOf(mark);
            return at < 0 ? "error" : "refused: " + message.substring(at + mark.length(), message.lastIndexOf("; use"));
        }
    }

    private static Map<String, Object> variables(JsonNode node) {
        return JSON.convertValue(node, new TypeReference<Map<String, Object>>() {});
    }
}
