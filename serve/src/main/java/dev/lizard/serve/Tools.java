package dev.lizard.serve;

import dev.lizard.base.LizardException;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.Messages;
import dev.lizard.text.grammar.Grammar;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The functions that a model may call.
 *
 * @param list as the request has it; empty for none
 * @param functions by name, with the schema of their arguments
 * @param forced those of which one must be called; empty where the model decides
 * @param several whether there may be more calls than one
 */
record Tools(JsonNode list, Map<String, JsonNode> functions, List<String> forced, boolean several) {
    private static final int MOST = 128;
    private static final String CHOICE = "tool_choice";

    boolean isEmpty() {
        return functions.isEmpty();
    }

    static Tools of(Fields fields) {
        fields.refuse("use tools", "functions", "function_call");
        JsonNode list = fields.has("tools") ? fields.get("tools") : Fields.none();
        if (!list.isArray()) {
            throw Fields.wrong("tools", "a list", list);
        }
        Map<String, JsonNode> functions = new HashMap<>();
        for (JsonNode tool : list) {
            String at = "tools[" + functions.size() + "]";
            JsonNode function = tool.path("function");
            if (!tool.path("type").asString("").equals("function") || !function.isObject()) {
                throw ApiError.field(at, "{\"type\": \"function\", \"function\": {...}}", "something else");
            }
            String name =
                    function.path("name").isString() ? function.path("name").stringValue() : "";
            if (!name.matches("[a-zA-Z0-9_.-]{1,64}")) {
                throw ApiError.field(at + ".function.name", "1 to 64 letters, digits, _, - or .", "something else");
            }
            JsonNode parameters = function.path("parameters");
            if (!parameters.isMissingNode() && !parameters.isNull() && !parameters.isObject()) {
                throw Fields.wrong(at + ".function.parameters", "a JSON schema", parameters);
            }
            if (functions.put(name, parameters) != null || functions.size() > MOST) {
                throw ApiError.field(at, "at most " + MOST + " functions of different names", "'" + name + "'");
            }
        }
        boolean several = fields.flag("parallel_tool_calls", true);
        List<String> forced = forced(fields, functions);
        return forced == null
                ? new Tools(Fields.none(), Map.of(), List.of(), several)
                : new Tools(list, functions, forced, several);
    }

    /** The functions of which one must be called; null where none may be. */
    private static @Nullable List<String> forced(Fields fields, Map<String, JsonNode> functions) {
        if (!fields.has(CHOICE)) {
            return List.of();
        }
        JsonNode choice = fields.get(CHOICE);
        String word = choice.isString() ? choice.stringValue() : "";
        if (word.equals("none")) {
            return null;
        }
        if (word.equals("auto")) {
            return List.of();
        }
        if (word.equals("required") && !functions.isEmpty()) {
            return functions.keySet().stream().sorted().toList();
        }
        String name = choice.path("function").path("name").asString("");
        if (!functions.containsKey(name)) {
            throw ApiError.field(CHOICE, "auto, none, required or one of the tools", "something else");
        }
        return List.of(name);
    }

    /**
     * The template with the tools in it.
     *
     * @throws ApiError where it has no place for them
     */
    ChatFormat in(ChatFormat chat) {
        if (isEmpty()) {
            return chat;
        }
        ChatFormat with = chat.with(Map.of("tools", Messages.plain(list)));
        if (ToolForm.probe(with).text().equals(ToolForm.probe(chat).text())) {
            throw ApiError.unsupported("tools", "the model's chat template has no place for them");
        }
        return with;
    }

    /** What a forced call must be in the form that the model knows; null where the model decides. */
    @Nullable
    Grammar grammar(ToolForm form) {
        if (forced.isEmpty()) {
            return null;
        }
        return Grammar.either(forced.stream()
                .map(name -> form.call(name, arguments(functions.get(name))))
                .toList());
    }

    /** Schemas of tools say more than a grammar can keep; then they are objects. */
    private static Grammar arguments(@Nullable JsonNode schema) {
        if (schema == null || !schema.isObject()) {
            return Grammar.object();
        }
        try {
            return Grammar.of(schema, "tools");
        } catch (LizardException e) {
            return Grammar.object();
        }
    }
}
