package dev.lizard.text;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A part of a tokenizer file under examination: faults are told with the file and the path of keys in it.
 *
 * @param node the part
 * @param where file and keys, as in {@code tokenizer.json/model/vocab}
 */
record Section(JsonNode node, String where) {
    /** No vocabulary that a model could have has more. */
    static final int MOST_IDS = 1 << 24;

    /** The section of a key; a missing one is a missing node. */
    Section at(String key) {
        return new Section(node.path(key), where + "/" + key);
    }

    /** The section of an element of a list. */
    Section at(int index) {
        return new Section(node.path(index), where + "[" + index + "]");
    }

    boolean absent() {
        return node.isMissingNode() || node.isNull();
    }

    /** The name that says what this section is; {@code none} where there is none. */
    String type() {
        return node.path("type").asString("none");
    }

    String text() {
        if (!node.isString()) {
            throw wrong("a text");
        }
        return node.asString();
    }

    boolean flag() {
        if (!node.isBoolean()) {
            throw wrong("true or false");
        }
        return node.asBoolean();
    }

    /** A flag that may be left out, which is false. */
    boolean flagIfThere() {
        return !absent() && flag();
    }

    int id() {
        return whole(0, MOST_IDS);
    }

    /** A whole number from {@code least} to {@code most}. */
    int whole(int least, int most) {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.asInt() < least || node.asInt() > most) {
            throw wrong("a whole number from %d to %d".formatted(least, most));
        }
        return node.asInt();
    }

    Section list() {
        if (!node.isArray()) {
            throw wrong("a list");
        }
        return this;
    }

    Section object() {
        if (!node.isObject()) {
            throw wrong("an object");
        }
        return this;
    }

    /**
     * Refuses keys that look like a known one which is missing. Others that we do not know are passed over, as the
     * reference does: they say nothing of the tokens.
     */
    void spells(String... known) {
        List<String> absent =
                List.of(known).stream().filter(key -> !node.has(key)).toList();
        for (String key : node.propertyNames()) {
            if (!List.of(known).contains(key) && Nearest.isNear(key, absent)) {
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "unknown key",
                        where,
                        String.join(", ", known),
                        "'" + key + "'",
                        Nearest.hint(key, absent));
            }
        }
    }

    /** What to throw where this section is not what it must be. */
    LizardException wrong(String expected) {
        return wrong(expected, null);
    }

    LizardException wrong(String expected, @Nullable String found) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "bad tokenizer",
                where,
                expected,
                found == null ? shown() : found,
                "restore the model's own tokenizer files");
    }

    private String shown() {
        if (node.isMissingNode()) {
            return "nothing";
        }
        if (node.isContainer()) {
            return (node.isArray() ? "a list of " : "an object of ") + node.size();
        }
        String text = node.toString();
        return text.length() > 80 ? text.substring(0, 77) + "..." : text;
    }
}
