package dev.lizard.serve;

import dev.lizard.base.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A call of a function; {@code arguments} are JSON. */
record ToolCall(String name, String arguments) {
    /** As models write it; null where it is none. */
    static @Nullable ToolCall of(@Nullable JsonNode node) {
        if (node == null || !node.path("name").isString()) {
            return null;
        }
        JsonNode arguments = node.has("arguments") ? node.get("arguments") : node.path("parameters");
        if (arguments.isString()) {
            return new ToolCall(node.get("name").stringValue(), arguments.stringValue());
        }
        if (!arguments.isObject() && !arguments.isMissingNode()) {
            return null;
        }
        return new ToolCall(node.get("name").stringValue(), arguments.isObject() ? Json.line(arguments) : "{}");
    }

    /** As clients read it. */
    ObjectNode json(String id) {
        ObjectNode call = Json.object().put("id", id).put("type", "function");
        call.putObject("function").put("name", name).put("arguments", arguments);
        return call;
    }
}
