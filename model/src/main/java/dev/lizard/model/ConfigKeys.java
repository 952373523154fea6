package dev.lizard.model;

import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Typed access to the keys of one object of a config. Null counts as absent; what does not fit is an INPUT error that
 * names {@code where/key}.
 */
record ConfigKeys(ObjectNode node, String where) {
    boolean has(String key) {
        return node.hasNonNull(key);
    }

    /** Whether the key is there, be it null. */
    boolean names(String key) {
        return node.has(key);
    }

    /** @throws LizardException INPUT where the key is there and null, which does not mean the same as its absence */
    void refuseNull(String key, String expected) {
        if (names(key) && !has(key)) {
            throw wrong(key, expected);
        }
    }

    /** A whole number of at least 1 that must be there. */
    int count(String key) {
        return optionalCount(key).orElseThrow(() -> missing(key, "a positive whole number"));
    }

    OptionalInt optionalCount(String key) {
        OptionalInt value = optionalInt(key);
        if (value.isPresent() && value.getAsInt() < 1) {
            throw wrong(key, "a positive whole number");
        }
        return value;
    }

    OptionalInt optionalInt(String key) {
        if (!has(key)) {
            return OptionalInt.empty();
        }
        JsonNode value = node.get(key);
        if (!value.canConvertToInt() || !value.canConvertToExactIntegral()) {
            throw wrong(key, "a whole number");
        }
        return OptionalInt.of(value.intValue());
    }

    /** A positive number that must be there. */
    double positive(String key) {
        OptionalDouble value = optionalNumber(key);
        if (value.isEmpty()) {
            throw missing(key, "a positive number");
        }
        if (!(value.getAsDouble() > 0)) {
            throw wrong(key, "a positive number");
        }
        return value.getAsDouble();
    }

    OptionalDouble optionalNumber(String key) {
        if (!has(key)) {
            return OptionalDouble.empty();
        }
        if (!node.get(key).isNumber() || !Double.isFinite(node.get(key).doubleValue())) {
            throw wrong(key, "a number");
        }
        return OptionalDouble.of(node.get(key).doubleValue());
    }

    boolean flag(String key, boolean otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (!node.get(key).isBoolean()) {
            throw wrong(key, "true or false");
        }
        return node.get(key).booleanValue();
    }

    Optional<String> text(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (!node.get(key).isString()) {
            throw wrong(key, "a text");
        }
        return Optional.of(node.get(key).stringValue());
    }

    /** A whole number, a list of them, or nothing. */
    List<Integer> ints(String key) {
        List<Integer> values = new ArrayList<>();
        if (has(key)) {
            JsonNode value = node.get(key);
            for (JsonNode item : value.isArray() ? value : List.of(value)) {
                if (!item.canConvertToInt() || !item.canConvertToExactIntegral()) {
                    throw wrong(key, "a whole number or a list of them");
                }
                values.add(item.intValue());
            }
        }
        return values;
    }

    Optional<ConfigKeys> object(String key) {
        if (!has(key)) {
            return Optional.empty();
        }
        if (!(node.get(key) instanceof ObjectNode object)) {
            throw wrong(key, "an object");
        }
        return Optional.of(new ConfigKeys(object, where + "/" + key));
    }

    LizardException missing(String key, String expected) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "missing key",
                where + "/" + key,
                expected,
                "nothing",
                "download the config again or add the key");
    }

    LizardException wrong(String key, String expected) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "bad value",
                where + "/" + key,
                expected,
                shown(key),
                "correct it or download the config again");
    }

    /** Two keys that say different things. */
    LizardException contradiction(String key, String otherPlace, Object other) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "contradiction",
                where + "/" + key,
                other + ", as " + otherPlace + " says",
                shown(key),
                "take out the wrong one");
    }

    LizardException unsupported(String key, String expected, String whatToDo) {
        return LizardException.at(
                LizardException.Kind.INPUT, "unsupported model", where + "/" + key, expected, shown(key), whatToDo);
    }

    String shown(String key) {
        String text = String.valueOf(node.get(key)).replaceAll("\\p{Cntrl}", "?");
        return text.length() <= 80 ? text : text.substring(0, 77) + "...";
    }
}
