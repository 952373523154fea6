package dev.lizard.text.grammar;

import dev.lizard.base.Json;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Schemas by chance, and whether a value is of one, straight from the words of the standard. */
public final class SchemaTwin {
    private SchemaTwin() {}

    /** At most so many levels deep. */
    public static JsonNode random(Random random, int depth) {
        ObjectNode schema = Json.object().put("description", "by chance");
        switch (random.nextInt(depth > 0 ? 10 : 6)) {
            case 0 -> schema.put("type", "string");
            case 1 -> schema.put("type", "number");
            case 2 -> schema.put("type", "integer");
            case 3 -> schema.put("type", random.nextBoolean() ? "boolean" : "null");
            case 4 ->
                schema.putArray("enum")
                        .add("a")
                        .add("ab\n\"é")
                        .add(1)
                        .add(12)
                        .addNull()
                        .add(1.5);
            case 5 -> schema.putArray("type").add("string").add("integer").add("number");
            case 6 -> schema.put("type", "array").set("items", random(random, depth - 1));
            case 7 -> schema.putArray("anyOf").add(random(random, depth - 1)).add(random(random, depth - 1));
            case 8 -> schema.put("type", "object").set("additionalProperties", random(random, depth - 1));
            default -> {
                ObjectNode properties = schema.put("type", "object").putObject("properties");
                ArrayNode required = schema.putArray("required");
                for (int i = random.nextInt(4); i >= 0; i--) {
                    String name = "p\"" + "x".repeat(random.nextInt(3)) + i;
                    properties.set(name, random(random, depth - 1));
                    if (random.nextBoolean()) {
                        required.add(name);
                    }
                }
                schema.put("additionalProperties", false);
            }
        }
        return schema;
    }

    public static boolean fits(JsonNode value, JsonNode schema) {
        if (schema.has("anyOf") && schema.get("anyOf").values().stream().noneMatch(way -> fits(value, way))) {
            return false;
        }
        if (schema.has("enum") && !schema.get("enum").values().contains(value)) {
            return false;
        }
        JsonNode type = schema.path("type");
        if (type.isArray() ? type.values().stream().noneMatch(one -> is(value, one)) : !is(value, type)) {
            return false;
        }
        for (JsonNode item : value.isArray() && schema.has("items") ? value : Json.MAPPER.createArrayNode()) {
            if (!fits(item, schema.get("items"))) {
                return false;
            }
        }
        return !value.isObject() || isObject((ObjectNode) value, schema);
    }

    private static boolean isObject(ObjectNode value, JsonNode schema) {
        Set<String> missing = new TreeSet<>();
        schema.path("required").forEach(name -> missing.add(name.asString()));
        value.propertyNames().forEach(missing::remove);
        boolean right = missing.isEmpty();
        for (String name : value.propertyNames()) {
            JsonNode known = schema.path("properties").path(name);
            JsonNode more = schema.path("additionalProperties");
            if (!known.isMissingNode()) {
                right &= fits(value.get(name), known);
            } else if (more.isObject()) {
                right &= fits(value.get(name), more);
            } else {
                right &= more.asBoolean(true);
            }
        }
        return right;
    }

    private static boolean is(JsonNode value, JsonNode type) {
        return switch (type.asString("")) {
            case "string" -> value.isString();
            case "number" -> value.isNumber();
            case "integer" -> value.isIntegralNumber();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            case "array" -> value.isArray();
            case "object" -> value.isObject();
            default -> true;
        };
    }
}
