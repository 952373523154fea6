package dev.lizard.eval.task;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One line of a data file.
 *
 * @param where {@code file:line}, for messages
 * @param fields as templates see them: texts, numbers, booleans, lists and maps
 */
record DataItem(String where, Map<String, @Nullable Object> fields) {
    /** Reads a line of JSON. */
    static DataItem parse(String line, String where) {
        JsonNode node = Json.parse(line, where, Kind.INPUT);
        if (!node.isObject()) {
            throw LizardException.at(
                    Kind.INPUT, "malformed item", where, "an object", Json.kindOf(node), "correct the line");
        }
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        node.properties()
                .forEach(field -> fields.put(field.getKey(), Json.MAPPER.convertValue(field.getValue(), Object.class)));
        return new DataItem(where, fields);
    }

    /** With every text in it changed. */
    DataItem mapped(UnaryOperator<String> change) {
        Map<String, @Nullable Object> changed = new LinkedHashMap<>();
        fields.forEach((name, value) -> changed.put(name, mapped(value, change)));
        return new DataItem(where, changed);
    }

    private static @Nullable Object mapped(@Nullable Object value, UnaryOperator<String> change) {
        return switch (value) {
            case String text -> change.apply(text);
            case List<?> list -> {
                List<@Nullable Object> changed = new ArrayList<>();
                list.forEach(element -> changed.add(mapped(element, change)));
                yield changed;
            }
            case null, default -> value;
        };
    }

    /** With further fields, which stand before those of the same name. */
    DataItem with(Map<String, ? extends @Nullable Object> more) {
        Map<String, @Nullable Object> all = new HashMap<>(fields);
        all.putAll(more);
        return new DataItem(where, all);
    }

    /**
     * A field that is there.
     *
     * @param key what in the task file asks for it
     */
    Object require(String name, String key) {
        Object value = fields.get(name);
        if (value == null) {
            String found = fields.containsKey(name) ? "null" : "only " + String.join(", ", fields.keySet());
            throw wrong(
                    name,
                    "the field that '%s' of the task asks for".formatted(key),
                    found,
                    fields.containsKey(name)
                            ? "correct the item"
                            : Nearest.hintOr(name, fields.keySet(), "correct the item or the task"));
        }
        return value;
    }

    /** A field that is a text. */
    String text(String name, String key) {
        Object value = require(name, key);
        if (value instanceof String text) {
            return text;
        }
        throw wrong(name, "a text", Json.line(value), "correct the item");
    }

    /** A field that is a list of texts or numbers, at least two. */
    List<String> texts(String name, String key) {
        Object value = require(name, key);
        if (value instanceof List<?> list
                && list.size() > 1
                && list.stream().allMatch(each -> each instanceof String || each instanceof Number)) {
            return list.stream().map(String::valueOf).toList();
        }
        throw wrong(name, "a list of two texts or more", Json.line(value), "correct the item");
    }

    /** The error of a field. */
    LizardException wrong(String name, String expected, String found, String advice) {
        String shown = found.length() > 60 ? found.substring(0, 57) + "..." : found;
        return LizardException.at(Kind.INPUT, "malformed item", where + "/" + name, expected, shown, advice);
    }
}
