package dev.lizard.text;

import dev.lizard.base.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads the conversation of a record: its messages as they stand, for the template to see, and what stands beside
 * them. A key that is null counts as absent, as everywhere in records; only content may be null, which a template may ask for.
 */
public final class Messages {
    private static final Set<String> TEXTS = Set.of("text", "input_text", "output_text");

    private Messages() {}

    /** The messages of {@code list}; {@code where} is {@code file:line/key}. */
    public static List<Message> of(JsonNode list, String where) {
        if (!list.isArray() || list.isEmpty()) {
            throw RecordFields.wrong(where, "a list of messages", list.isArray() ? "an empty list" : Json.kindOf(list));
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode message : list) {
            messages.add(message(message, where + "[" + messages.size() + "]"));
        }
        return messages;
    }

    private static Message message(JsonNode message, String where) {
        if (!message.path("role").isString()) {
            throw RecordFields.wrong(where + "/role", "a string", Json.kindOf(message.path("role")));
        }
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : message.properties()) {
            if (!entry.getValue().isNull() || entry.getKey().equals("content")) {
                fields.put(entry.getKey(), plain(entry.getValue()));
            }
        }
        JsonNode content = message.path("content");
        boolean silent = content.isMissingNode() || content.isNull();
        if (content.isArray()) {
            fields.put("content", parts(content, where + "/content"));
        } else if (!content.isString() && !(silent && fields.size() > (content.isNull() ? 2 : 1))) {
            // Without content a message must say something else, such as calls of tools.
            throw RecordFields.wrong(where + "/content", "a string or a list of parts", Json.kindOf(content));
        }
        return new Message(fields);
    }

    private static List<Object> parts(JsonNode content, String where) {
        List<Object> parts = new ArrayList<>();
        for (JsonNode part : content) {
            String at = where + "[" + parts.size() + "]";
            String type = part.path("type").asString("text");
            if (!part.isString() && !TEXTS.contains(type)) {
                throw RecordFields.wrong(at + "/type", "'text', since only text is learnt from", "'" + type + "'");
            }
            if (!part.isString() && !part.path("text").isString()) {
                throw RecordFields.wrong(at + "/text", "a string", Json.kindOf(part.path("text")));
            }
            parts.add(part.isString() ? part.asString() : withoutNulls(part));
        }
        return parts;
    }

    private static Map<String, @Nullable Object> withoutNulls(JsonNode part) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        part.properties().forEach(entry -> {
            if (!entry.getValue().isNull()) {
                fields.put(entry.getKey(), plain(entry.getValue()));
            }
        });
        return fields;
    }

    /** What templates know of beside the messages: tools, documents, and variables of the template's own. */
    static Map<String, @Nullable Object> extras(RecordFields fields) {
        Map<String, @Nullable Object> extras = new LinkedHashMap<>();
        JsonNode variables = fields.get("chat_template_kwargs");
        if (variables.isObject()) {
            variables.properties().forEach(entry -> extras.put(entry.getKey(), plain(entry.getValue())));
        }
        for (String key : List.of("tools", "documents")) {
            JsonNode value = fields.get(key);
            // Tables keep lists of differing objects as JSON in a text.
            JsonNode list = value.isString() && value.asString().strip().startsWith("[")
                    ? RecordFields.value(value.asString(), fields.at(key))
                    : value;
            if (list.isArray() && !list.isEmpty()) {
                extras.put(key, plain(list));
            } else if (!list.isMissingNode()
                    && !list.isArray()
                    && !list.asString("x").isBlank()) {
                throw RecordFields.wrong(fields.at(key), "a list", Json.kindOf(list));
            }
        }
        return extras;
    }

    /** A value as templates take it. */
    public static @Nullable Object plain(JsonNode node) {
        if (node.isArray()) {
            List<@Nullable Object> items = new ArrayList<>();
            node.forEach(item -> items.add(plain(item)));
            return items;
        }
        if (node.isObject()) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            node.properties().forEach(entry -> fields.put(entry.getKey(), plain(entry.getValue())));
            return fields;
        }
        if (node.isNull()) {
            return null;
        }
        if (node.isBoolean()) {
            return node.asBoolean();
        }
        if (node.isIntegralNumber()) {
            return node.bigIntegerValue();
        }
        return node.isNumber() ? (Object) node.doubleValue() : node.asString();
    }
}
