package dev.lizard.text.jinja;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.LizardException;
import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.Mutator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Chat templates: those of the reference renderings, broken, mixed and grown by a grammar; parsed and rendered. */
class TemplateFuzzTest extends FuzzContract {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2025-01-02T03:04:05Z"), ZoneOffset.UTC);
    private static final String FILE = "template.jinja";
    private static final List<String> WORDS = Stream.of(
                    TemplateGrammar.NAMES,
                    TemplateGrammar.FILTERS,
                    TemplateGrammar.CALLS,
                    TemplateGrammar.OPERATORS,
                    TemplateGrammar.TESTS,
                    List.of(
                            "{{",
                            "}}",
                            "{%",
                            "%}",
                            "{%-",
                            "-%}",
                            "{#",
                            "#}",
                            "|",
                            ".",
                            "(",
                            ")",
                            "[",
                            "]",
                            "'",
                            "for",
                            "in",
                            "endfor",
                            "if",
                            "endif",
                            "else",
                            "elif",
                            "set",
                            "macro",
                            "endmacro",
                            "range(99999)",
                            "namespace()",
                            "raise_exception('no')",
                            "strftime_now('%Y')",
                            "*",
                            "=",
                            "loop.index"))
            .flatMap(List::stream)
            .toList();

    private static final Map<String, Object> VARIABLES = variables();

    private final List<String> templates = new ArrayList<>();

    private static Map<String, Object> variables() {
        Map<String, Object> call = Map.of("name", "f", "arguments", Map.of("a", 1));
        Map<String, Object> variables = new HashMap<>();
        variables.put(
                "messages",
                List.of(
                        Map.of("role", "system", "content", "Be brief."),
                        Map.of("role", "user", "content", " A <|question|>? "),
                        Map.of("role", "assistant", "content", "", "tool_calls", List.of(Map.of("function", call))),
                        Map.of("role", "tool", "content", "12", "name", "f"),
                        Map.of("role", "user", "content", List.of(Map.of("type", "text", "text", "part")))));
        variables.put("tools", List.of(Map.of("type", "function", "function", call)));
        variables.put("bos_token", "<s>");
        variables.put("eos_token", "</s>");
        variables.put("add_generation_prompt", true);
        variables.put("nothing", null);
        variables.put("numbers", List.of(3, 1L, 2.5, -7));
        variables.put("words", List.of("b", "a", ""));
        return variables;
    }

    @Override
    public String name() {
        return "template";
    }

    @Override
    public List<Map<String, byte[]>> samples() throws IOException {
        templates.clear();
        InputStream resource = Objects.requireNonNull(getClass().getResourceAsStream("reference.jsonl"));
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(resource, UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                JsonNode template = JSON.readTree(line).path("template");
                if (template.isString() && renders(template.asString())) {
                    templates.add(template.asString());
                }
            }
        }
        return templates.stream()
                .map(template -> Map.of(FILE, template.getBytes(UTF_8)))
                .toList();
    }

    private static boolean renders(String template) {
        try {
            render(template);
            return true;
        } catch (LizardException refused) {
            return false; // a reference for a refusal, or for other variables
        }
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        String template = new String(Objects.requireNonNull(sample.get(FILE)), UTF_8);
        TemplateGrammar grammar = new TemplateGrammar(mutator.random());
        String changed = switch (mutator.random().nextInt(6)) {
            case 0 -> grammar.template();
            case 1 -> mutator.text(grammar.template(), WORDS);
            case 2 -> template.replaceFirst("\\bmessages\\b", grammarText(grammar));
            case 3 -> mutator.text(template + mutator.any(templates), WORDS);
            default -> mutator.text(template, WORDS);
        };
        return Map.of(FILE, changed.getBytes(UTF_8));
    }

    private static String grammarText(TemplateGrammar grammar) {
        return grammar.expression(2).replace("\\", "").replace("$", "");
    }

    @Override
    public void read(Map<String, byte[]> input) {
        render(new String(Objects.requireNonNull(input.get(FILE)), UTF_8));
    }

    private static void render(String template) {
        Template.parse(template, CLOCK).render(VARIABLES);
    }
}
