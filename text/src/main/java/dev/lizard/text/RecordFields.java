package dev.lizard.text;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * The fields of a record that may be needed, those that are null left out. What nobody needs is passed over, so that it
 * may hold whatever Python's json writes: NaN, Infinity, integers of any length.
 *
 * @param needed the fields of {@link RecordKind#KEYS} that are there
 * @param names of all fields, as far as messages name them
 * @param where the record, for messages
 * @param excerpts its long strings, by the names that stand for them in {@code needed}
 */
record RecordFields(ObjectNode needed, List<String> names, String where, Map<String, StoredText> excerpts) {
    private static final int NAMES = 12;
    private static final int DEEPEST = 1_000;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxNumberLength(Integer.MAX_VALUE)
                            .maxStringLength(Integer.MAX_VALUE)
                            .maxNameLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS) // a value inside a record has some
            .build();

    /** Reads one JSON object; of keys that come twice the last counts. */
    static RecordFields parse(String json, String where) {
        return parse(() -> MAPPER.createParser(json), null, where);
    }

    /** As above, for a long record. */
    static RecordFields parse(ExcerptReader json, String where) {
        return parse(() -> MAPPER.createParser(json), json, where);
    }

    private static RecordFields parse(Supplier<JsonParser> open, @Nullable ExcerptReader json, String where) {
        try (JsonParser parser = open.get()) {
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw wrong(where, "a JSON object", first == null ? "nothing" : kind(parser));
            }
            RecordFields fields = new RecordFields(
                    Json.object(), new ArrayList<>(), where, json == null ? Map.of() : json.excerpts());
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = shortName(parser.currentName(), fields.excerpts);
                if (fields.names.size() < NAMES && !fields.names.contains(name)) {
                    fields.names.add(name);
                }
                if (parser.nextToken() == JsonToken.VALUE_NULL) {
                    fields.needed.remove(name);
                } else if (RecordKind.KEYS.contains(name)) {
                    fields.needed.set(name, read(parser, json, fields.at(name)));
                } else {
                    parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                throw wrong(where, "one JSON object a line", "more after it");
            }
            return fields;
        } catch (StreamConstraintsException tooDeep) {
            throw wrong(where, "at most %,d brackets within each other".formatted(DEEPEST), "more", tooDeep);
        } catch (JacksonException bad) {
            String what = Json.problem(bad);
            throw new LizardException(
                    LizardException.Kind.INPUT,
                    "bad JSON in %s: expected one JSON object a line but found: %s; mend or remove the line"
                            .formatted(where, what),
                    bad);
        }
    }

    private static JsonNode read(JsonParser parser, @Nullable ExcerptReader json, String where) {
        if (json == null || !parser.currentToken().isStructStart()) {
            return MAPPER.readTree(parser);
        }
        json.bound(where);
        JsonNode value = MAPPER.readTree(parser);
        json.free();
        return value;
    }

    private static String shortName(String name, Map<String, StoredText> excerpts) {
        StoredText text = excerpts.get(name);
        return text == null ? name : text.beginning();
    }

    /** A value that a record holds as text. */
    static JsonNode value(String json, String where) {
        try {
            return MAPPER.readTree(json);
        } catch (JacksonException bad) {
            throw wrong(where, "JSON", Json.problem(bad), bad);
        }
    }

    private static String kind(JsonParser parser) {
        return Json.kindOf(MAPPER.readTree(parser));
    }

    boolean has(String key) {
        return needed.has(key);
    }

    /** The whole value of a key, {@link MissingNode} where there is none. */
    JsonNode get(String key) {
        JsonNode value = needed.path(key);
        if (excerpts.isEmpty()) {
            return value;
        }
        if (excerpted(value) > RecordPieces.LONGEST_LIST) {
            throw RecordPieces.listTooLong(at(key));
        }
        return whole(value);
    }

    /** Characters of a value that are kept aside. */
    private long excerpted(JsonNode value) {
        StoredText text = value.isString() ? excerpts.get(value.asString()) : null;
        return text != null
                ? text.length()
                : value.valueStream().mapToLong(this::excerpted).sum();
    }

    private JsonNode whole(JsonNode value) {
        return switch (value) {
            case StringNode text -> {
                StoredText stored = excerpts.get(text.asString());
                yield stored == null ? text : StringNode.valueOf(stored.whole());
            }
            case ArrayNode list -> {
                for (int i = 0; i < list.size(); i++) {
                    list.set(i, whole(list.get(i)));
                }
                yield list;
            }
            case ObjectNode object -> {
                ObjectNode all = Json.object();
                for (Map.Entry<String, JsonNode> entry : object.properties()) {
                    StoredText name = excerpts.get(entry.getKey());
                    all.set(name == null ? entry.getKey() : name.whole(), whole(entry.getValue()));
                }
                yield all;
            }
            default -> value;
        };
    }

    boolean isText(String key) {
        return needed.path(key).isString();
    }

    boolean isList(String key) {
        return needed.path(key).isArray() && !needed.path(key).isEmpty();
    }

    /** A text that must be there. */
    Passage text(String key) {
        if (!isText(key)) {
            throw wrong(at(key), "a string", Json.kindOf(needed.path(key)));
        }
        String text = needed.path(key).asString();
        StoredText stored = excerpts.get(text);
        return stored == null ? Passage.of(text) : stored;
    }

    /** The place of a key, for messages. */
    String at(String key) {
        return where + "/" + key;
    }

    /** The first of some keys for which there is a value, or the first of all. */
    String either(Collection<String> keys) {
        return keys.stream()
                .filter(this::has)
                .findFirst()
                .orElse(keys.iterator().next());
    }

    static LizardException wrong(String where, String expected, String found) {
        return LizardException.at(
                LizardException.Kind.INPUT, "bad record", where, expected, found, "mend or remove the record");
    }

    private static LizardException wrong(String where, String expected, String found, Throwable cause) {
        LizardException line = wrong(where, expected, found);
        line.initCause(cause);
        return line;
    }
}
