package dev.lizard.text;

import dev.lizard.base.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Records of a prompt and what shall follow it, each a text or a list of messages. Of two texts the prompt is taken as
 * it is; otherwise both are one conversation, of which the prompt is context. Of preference data the chosen answer is
 * learnt, the rejected one is not read.
 */
final class Prompted {
    private Prompted() {}

    /** {@code answer} is the key of what follows the prompt. */
    static DataRecord of(RecordFields fields, String answer) {
        if (!fields.isList("prompt") && !fields.isList(answer)) {
            return new DataRecord.Pair(fields.text("prompt"), fields.text(answer));
        }
        if (fields.isText("prompt") && !opensWith("assistant", fields.get(answer))) {
            // The prompt is told once more, as the conversation's first turn.
            return lastTurn(fields, answer);
        }
        ArrayNode messages = Json.MAPPER.createArrayNode();
        add(messages, fields, "prompt", "user");
        int given = messages.size();
        add(messages, fields, answer, "assistant");
        return DataRecord.Chat.of(messages, fields.at("messages"), given, fields);
    }

    /** Preferences that hold the prompt too: a conversation up to its last turn, or a text as a whole. */
    static DataRecord chosen(RecordFields fields) {
        return fields.isList("chosen") ? lastTurn(fields, "chosen") : new DataRecord.Text(fields.text("chosen"));
    }

    private static DataRecord lastTurn(RecordFields fields, String key) {
        JsonNode turns = ShareGpt.messages(fields.get(key), fields.get("system"), fields.at(key));
        return DataRecord.Chat.of(turns, fields.at(key), turns.size() - 1, fields);
    }

    private static void add(ArrayNode messages, RecordFields fields, String key, String role) {
        if (fields.isList(key)) {
            messages.addAll(ShareGpt.messages(fields.get(key), MissingNode.getInstance(), fields.at(key)));
        } else {
            messages.addObject().put("role", role).set("content", text(fields, key));
        }
    }

    private static JsonNode text(RecordFields fields, String key) {
        fields.text(key);
        return fields.get(key);
    }

    private static boolean opensWith(String role, JsonNode turns) {
        return turns.path(0).path("role").asString("").equals(role);
    }
}
