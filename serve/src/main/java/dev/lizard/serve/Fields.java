package dev.lizard.serve;

import dev.lizard.base.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of a request. What is asked for must be of the right type, or the error names it; what nobody asks for may
 * be anything. A field that is null counts as absent.
 */
record Fields(ObjectNode node) {
    private static final int SHOWN = 40;

    /** An empty list. */
    static JsonNode none() {
        return Json.MAPPER.createArrayNode();
    }

    boolean has(String name) {
        JsonNode value = node.get(name);
        return value != null && !value.isNull();
    }

    /** The value of a field that is there. */
    JsonNode get(String name) {
        JsonNode value = node.get(name);
        if (value == null || value.isNull()) {
            throw ApiError.field(name, "a value", "nothing");
        }
        return value;
    }

    @Nullable
    String text(String name) {
        return has(name) ? text(get(name), name) : null;
    }

    static String text(JsonNode value, String name) {
        if (!value.isString()) {
            throw wrong(name, "a text", value);
        }
        return value.stringValue();
    }

    boolean flag(String name, boolean usual) {
        if (!has(name)) {
            return usual;
        }
        if (!get(name).isBoolean()) {
            throw wrong(name, "true or false", get(name));
        }
        return get(name).booleanValue();
    }

    double number(String name, double usual, double least, double most) {
        if (!has(name)) {
            return usual;
        }
        JsonNode value = get(name);
        double number = value.isNumber() ? value.doubleValue() : Double.NaN;
        if (!(number >= least && number <= most)) {
            throw wrong(name, "a number from %s to %s".formatted(plain(least), plain(most)), value);
        }
        return number;
    }

    int whole(String name, int usual, int least, int most) {
        return has(name) ? (int) whole(get(name), name, least, most) : usual;
    }

    OptionalLong any(String name) {
        return has(name)
                ? OptionalLong.of(whole(get(name), name, Long.MIN_VALUE, Long.MAX_VALUE))
                : OptionalLong.empty();
    }

    static long whole(JsonNode value, String name, long least, long most) {
        boolean fits = value.isIntegralNumber() && value.canConvertToLong();
        long number = fits ? value.longValue() : 0;
        if (value.isNumber() && !fits && value.doubleValue() == Math.rint(value.doubleValue())) {
            number = (long) value.doubleValue(); // 5.0 is whole too
            fits = Math.abs(value.doubleValue()) < 1L << 53;
        }
        if (!fits || number < least || number > most) {
            String range = least == Long.MIN_VALUE ? "of 64 bits" : "from %d to %d".formatted(least, most);
            throw wrong(name, "a whole number " + range, value);
        }
        return number;
    }

    /** Texts, of which one may stand alone. */
    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        if (has(name) && !get(name).isArray()) {
            texts.add(text(name));
        } else if (has(name)) {
            get(name).forEach(item -> texts.add(text(item, name + "[" + texts.size() + "]")));
        }
        return texts;
    }

    /** The object in a field; an empty one where there is none. */
    Fields object(String name) {
        if (!has(name)) {
            return new Fields(Json.object());
        }
        if (get(name) instanceof ObjectNode object) {
            return new Fields(object);
        }
        throw wrong(name, "an object", get(name));
    }

    /** Refuses fields that would change the answer and are not supported, unless they ask for nothing. */
    void refuse(String advice, String... names) {
        for (String name : names) {
            if (has(name)) {
                JsonNode value = get(name);
                boolean nothing = (value.isContainer() && value.isEmpty())
                        || (value.isBoolean() && !value.booleanValue())
                        || (value.isString() && value.stringValue().isEmpty())
                        || (value.isNumber() && value.doubleValue() == 0);
                if (!nothing) {
                    throw ApiError.unsupported(name, advice);
                }
            }
        }
    }

    static ApiError wrong(String name, String expected, JsonNode found) {
        String shown = Json.kindOf(found);
        if (found.isNumber()) {
            String number = found.asString();
            shown = number.length() > SHOWN ? number.substring(0, SHOWN) + "..." : number;
        }
        return ApiError.field(name, expected, shown);
    }

    private static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e9 ? Long.toString((long) number) : "" + number;
    }
}
