package dev.lizard.text;

import dev.lizard.base.Json;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** ShareGPT's conversations, {@code from} and {@code value}, told as {@code role} and {@code content}. */
final class ShareGpt {
    private static final Map<String, String> ROLES = Map.ofEntries(
            Map.entry("human", "user"),
            Map.entry("user", "user"),
            Map.entry("gpt", "assistant"),
            Map.entry("chatgpt", "assistant"),
            Map.entry("bing", "assistant"),
            Map.entry("bard", "assistant"),
            Map.entry("model", "assistant"),
            Map.entry("assistant", "assistant"),
            Map.entry("function_call", "assistant"),
            Map.entry("system", "system"),
            Map.entry("tool", "tool"),
            Map.entry("function", "tool"),
            Map.entry("function_response", "tool"),
            Map.entry("observation", "tool"));

    private ShareGpt() {}

    /** Whether this is who says a message. */
    static boolean isRole(JsonNode role) {
        return ROLES.containsKey(role.asString(""));
    }

    /**
     * The same turns with {@code role} and {@code content}; turns that have these already stay as they are.
     *
     * @param system what the record says beside its turns, put first where they open otherwise; may be missing
     */
    static ArrayNode messages(JsonNode turns, JsonNode system, String where) {
        ArrayNode messages = Json.MAPPER.createArrayNode();
        for (JsonNode turn : turns) {
            messages.add(
                    turn instanceof ObjectNode object && object.has("from")
                            ? message(object, where + "[" + messages.size() + "]")
                            : turn);
        }
        boolean opens = messages.path(0).path("role").asString("").equals("system");
        if (system.isString() && !system.asString().isBlank() && !opens) {
            messages.insertObject(0).put("role", "system").set("content", system);
        }
        return messages;
    }

    private static ObjectNode message(ObjectNode turn, String where) {
        ObjectNode message = turn.deepCopy();
        JsonNode from = message.remove("from");
        String role = ROLES.get(from.asString(""));
        if (role == null) {
            String found = from.isString() ? "'" + from.asString() + "'" : Json.kindOf(from);
            throw RecordFields.wrong(where + "/from", "'human', 'gpt', 'system' or 'tool'", found);
        }
        JsonNode value = message.remove("value");
        message.put("role", role);
        if (value != null) {
            message.set("content", value);
        }
        return message;
    }
}
