package dev.lizard.text.grammar;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The rules that a JSON schema states, for the part of the language that can be kept while a text is written:
 * {@code type} (one or several), {@code properties}, {@code required}, {@code additionalProperties}, {@code items}, {@code enum},
 * {@code const}, {@code anyOf}, and {@code $ref} to {@code $defs} or {@code definitions} without recursion. What only
 * describes is passed over; every other key is refused.
 */
final class JsonRules {
    /** Lists and objects in one another where nothing else is said. */
    static final int DEPTH = 24;

    private static final int MOST_PARTS = 2_000;
    private static final int MOST_WAYS = 64;
    private static final Set<String> WORDS = Set.of(
            "title",
            "description",
            "default",
            "examples",
            "example",
            "$schema",
            "$id",
            "$comment",
            "$defs",
            "definitions",
            "deprecated",
            "readOnly",
            "writeOnly",
            "strict",
            "nullable");
    private static final Set<String> KNOWN =
            Set.of("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref");

    private final JsonNode root;
    private final String where;
    private int parts;
    private int ways;

    private JsonRules(JsonNode root, String where) {
        this.root = root;
        this.where = where;
    }

    /**
     * The rule of a schema.
     *
     * @param where names it in errors
     * @throws LizardException INPUT for what is not understood
     */
    static Rule of(JsonNode schema, String where) {
        return new JsonRules(schema, where).rule(schema, where, DEPTH);
    }

    private Rule rule(JsonNode schema, String at, int depth) {
        if (schema.isBoolean() && schema.asBoolean()) {
            return new Rule.Any(depth);
        }
        if (!schema.isObject()) {
            throw wrong(at, "a schema", Json.kindOf(schema));
        }
        if (depth == 0 || ++parts > MOST_PARTS) {
            throw wrong(
                    at, "at most %d parts, %d deep".formatted(MOST_PARTS, DEPTH), "more; recursion is not supported");
        }
        for (String key : schema.propertyNames()) {
            if (!KNOWN.contains(key) && !WORDS.contains(key)) {
                throw wrong(at + "/" + key, "one of " + KNOWN.stream().sorted().collect(Collectors.joining(", ")), key);
            }
        }
        if (schema.has("$ref")) {
            return rule(target(schema.get("$ref"), at), at, depth - 1);
        }
        if (schema.has("anyOf")) {
            return either(list(schema.get("anyOf"), at + "/anyOf"), way -> rule(way, at + "/anyOf", depth - 1), at);
        }
        if (schema.has("const") || schema.has("enum")) {
            return texts(schema, at);
        }
        JsonNode type = schema.path("type");
        if (type.isArray()) {
            return either(list(type, at + "/type"), one -> typed(one, schema, at, depth), at);
        }
        if (type.isMissingNode()) {
            return schema.has("properties") ? members(schema, at, depth) : new Rule.Any(depth);
        }
        return typed(type, schema, at, depth);
    }

    private Rule typed(JsonNode type, JsonNode schema, String at, int depth) {
        return switch (type.asString("")) {
            case "string" -> new Rule.Quoted();
            case "number" -> new Rule.Numeral(false);
            case "integer" -> new Rule.Numeral(true);
            case "boolean" -> Rule.Texts.of(List.of("true", "false"));
            case "null" -> Rule.Texts.of("null");
            case "array" ->
                new Rule.Items(
                        schema.has("items")
                                ? rule(schema.get("items"), at + "/items", depth - 1)
                                : new Rule.Any(depth - 1));
            case "object" -> members(schema, at, depth);
            default ->
                throw wrong(at + "/type", "string, number, integer, boolean, null, array or object", type.toString());
        };
    }

    private Rule either(List<JsonNode> some, Function<JsonNode, Rule> each, String at) {
        ways += some.size();
        if (some.isEmpty() || ways > MOST_WAYS) {
            throw wrong(at, "1 to %d alternatives in all".formatted(MOST_WAYS), Integer.toString(ways));
        }
        return new Rule.Either(some.stream().map(each).toList());
    }

    private Rule texts(JsonNode schema, String at) {
        List<JsonNode> values =
                schema.has("const") ? List.of(schema.get("const")) : list(schema.get("enum"), at + "/enum");
        parts += values.size();
        if (values.isEmpty() || parts > MOST_PARTS) {
            throw wrong(at + "/enum", "1 to %d values".formatted(MOST_PARTS), Integer.toString(values.size()));
        }
        return Rule.Texts.of(values.stream().map(Json::line).toList());
    }

    private Rule members(JsonNode schema, String at, int depth) {
        JsonNode more = schema.path("additionalProperties");
        JsonNode properties = schema.path("properties");
        Set<String> required = new HashSet<>();
        if (schema.has("required")) {
            list(schema.get("required"), at + "/required").forEach(name -> required.add(name.asString("")));
        }
        if (!properties.isMissingNode() && !properties.isObject()) {
            throw wrong(at + "/properties", "an object", Json.kindOf(properties));
        }
        boolean closed = more.isBoolean() && !more.asBoolean();
        if (properties.isEmpty() && required.isEmpty() && !closed) {
            return new Rule.Free(
                    more.isObject() ? rule(more, at + "/additionalProperties", depth - 1) : new Rule.Any(depth - 1));
        }
        Map<String, Members.Member> members = new LinkedHashMap<>();
        properties.properties().forEach(entry -> {
            String name = entry.getKey();
            Rule value = rule(entry.getValue(), at + "/properties/" + name, depth - 1);
            members.put(name, new Members.Member(name, value, required.contains(name)));
        });
        for (String name : required) {
            if (!members.containsKey(name)) {
                throw wrong(at + "/required", "names of its properties", "'" + name + "'");
            }
        }
        return new Members(List.copyOf(members.values()));
    }

    private JsonNode target(JsonNode reference, String at) {
        String path = reference.asString("");
        JsonNode target = path.matches("#/(\\$defs|definitions)/[^/~%]+") ? root.at(path.substring(1)) : null;
        if (target == null || target.isMissingNode()) {
            throw wrong(at + "/$ref", "#/$defs/NAME of one that is there", reference.toString());
        }
        return target;
    }

    private List<JsonNode> list(@Nullable JsonNode node, String at) {
        if (node == null || !node.isArray()) {
            throw wrong(at, "a list", node == null ? "nothing" : Json.kindOf(node));
        }
        return new ArrayList<>(node.values());
    }

    private LizardException wrong(String at, String expected, String found) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "unsupported schema",
                at,
                expected,
                found,
                "say the rest in words, or leave " + where + " out");
    }
}
