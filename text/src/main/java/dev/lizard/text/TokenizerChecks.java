package dev.lizard.text;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Examines a whole {@code tokenizer.json}. The native library aborts the process on some faults and passes over others;
 * after this it meets none of either.
 */
final class TokenizerChecks {
    /** Levels of the parts that describe steps; the library counts on its stack. */
    private static final int DEEPEST = 40;

    /** The native library takes time that grows with the square of it: 70 ms for this, half a minute for 24,000. */
    private static final int LONGEST_ADDED = 1_000;

    private TokenizerChecks() {}

    /** Throws what is wrong with {@code root}; {@code where} names the file. Gives what texts it may get. */
    static RunLimit check(JsonNode root, String where) {
        Section file = new Section(root, where);
        file.object();
        file.spells(
                "version",
                "truncation",
                "padding",
                "added_tokens",
                "normalizer",
                "pre_tokenizer",
                "post_processor",
                "decoder",
                "model");
        for (String key : root.propertyNames()) {
            if (!key.equals("model")) {
                depth(file.at(key), root.path(key), 0);
            }
        }
        for (JsonNode token : root.path("added_tokens")) {
            int length = token.path("content").asString("").length();
            if (length > LONGEST_ADDED) {
                throw file.at("added_tokens")
                        .wrong("tokens of at most %,d characters".formatted(LONGEST_ADDED), Integer.toString(length));
            }
        }
        for (String key : List.of("normalizer", "pre_tokenizer")) {
            long steps = root.path(key).findValues("type").stream()
                    .filter(type -> type.isString() && type.asString().equals("ByteLevel"))
                    .count();
            if (steps > 1) { // each spells the bytes of the one before: the text doubles each time
                throw file.at(key).wrong("one ByteLevel step", steps + " of them");
            }
        }
        ModelChecks.check(file);
        StepChecks.check(file);
        return new RunLimit(file);
    }

    private static void depth(Section section, JsonNode node, int depth) {
        if (depth > DEEPEST) {
            throw section.wrong("at most %d levels".formatted(DEEPEST), "more");
        }
        for (JsonNode inside : node) {
            depth(section, inside, depth + 1);
        }
    }
}
