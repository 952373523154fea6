package dev.lizard.base;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Dotted keys such as {@code stages.0.tokens}, and the places in lists that they name. */
final class KeyPath {
    private static final int MOST_STEPS = 32;

    private KeyPath() {}

    /** The steps of {@code a.b.0} or {@code a.b[0]}. */
    static String[] steps(String key, Origin origin) {
        String[] steps = key.replaceAll("\\[([^\\[\\].]*)]", ".$1").split("\\.", -1);
        for (String step : steps) {
            if (steps.length > MOST_STEPS
                    || step.isEmpty()
                    || !step.equals(step.strip())
                    || step.matches(".*[\\[\\]].*")) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "malformed key",
                        origin.where(),
                        steps.length > MOST_STEPS ? "at most %d names".formatted(MOST_STEPS) : "names between the dots",
                        Values.shown(JsonNodeFactory.instance.stringNode(key)),
                        "write it as a.b or a.0.b");
            }
        }
        return steps;
    }

    /**
     * The place in a list that a step names.
     *
     * @throws LizardException USAGE where {@code at} is no list or has no such place
     */
    static int index(JsonNode at, String name, String key, Origin origin) {
        String expected = at.isEmpty() ? "an entry in the list, which is empty," : "a number below " + at.size();
        if (at instanceof ArrayNode && name.matches("\\d{1,9}") && Integer.parseInt(name) < at.size()) {
            return Integer.parseInt(name);
        }
        if (!(at instanceof ArrayNode)) {
            expected = "something with keys before '." + name + "'";
        }
        throw LizardException.at(
                LizardException.Kind.USAGE,
                "no such key",
                origin.where(),
                expected,
                "'" + key + "'",
                "correct the key");
    }
}
