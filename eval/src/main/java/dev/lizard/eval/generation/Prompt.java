package dev.lizard.eval.generation;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Resources;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Message;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Something to be answered.
 *
 * @param kind such as {@code arithmetic}
 */
public record Prompt(String kind, String text) {
    private static final String BUILT_IN = "prompts.jsonl";

    /** Thirty of six kinds. */
    public static List<Prompt> builtIn() {
        return read(Resources.text(Prompt.class, BUILT_IN), BUILT_IN);
    }

    /**
     * Reads lines {@code {"kind": ..., "prompt": ...}}; the kind may be left out.
     *
     * @param where the file's name, for messages
     * @throws LizardException INPUT for a line that is something else, or where there is none
     */
    public static List<Prompt> read(String lines, String where) {
        List<Prompt> prompts = new ArrayList<>();
        int number = 0;
        for (String line : lines.lines().toList()) {
            number++;
            if (!line.isBlank()) {
                String at = where + " line " + number;
                JsonNode node = Json.parse(line, at, Kind.INPUT);
                if (!node.path("prompt").isString()
                        || node.path("prompt").asString().isEmpty()) {
                    throw bad("bad prompt", at, "{\"kind\": \"...\", \"prompt\": \"...\"}", "another line");
                }
                prompts.add(new Prompt(
                        node.path("kind").asString("prompt"),
                        node.path("prompt").asString()));
            }
        }
        if (prompts.isEmpty()) {
            throw bad("no prompts", where, "lines {\"kind\": \"...\", \"prompt\": \"...\"}", "none");
        }
        return prompts;
    }

    private static LizardException bad(String what, String where, String expected, String found) {
        return LizardException.at(Kind.INPUT, what, where, expected, found, "correct the file");
    }

    /** What a model reads of it: said by the chat template where there is one, else the text to be continued. */
    public int[] ids(Tokenizer tokenizer, Optional<ChatTemplate> template) {
        return template.map(chat -> tokenizer
                        .encode(chat.render(List.of(new Message("user", text)), true), false)
                        .ids())
                .orElseGet(() -> tokenizer.encode(text, true));
    }
}
