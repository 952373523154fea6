package dev.lizard.text;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** One line of a JSONL file: plain text, an instruction with its answer, or a conversation. */
sealed interface DataRecord {
    /** A text to learn as a whole. */
    record Text(String text) implements DataRecord {}

    /** Stanford Alpaca's form; {@code input} may be empty. */
    record Instruction(String instruction, String input, String output) implements DataRecord {
        /** What comes before the answer: the template that models tuned on Alpaca were trained with. */
        String prompt() {
            String context = input.isBlank() ? "" : ", paired with an input that provides further context";
            String given = input.isBlank() ? "" : "### Input:\n" + input + "\n\n";
            return "Below is an instruction that describes a task" + context
                    + ". Write a response that appropriately completes the request.\n\n### Instruction:\n" + instruction
                    + "\n\n" + given + "### Response:\n";
        }
    }

    /** A prompt as the model shall see it, and what it shall answer. */
    record Pair(String prompt, String answer) implements DataRecord {}

    /** A conversation for the chat template. */
    record Chat(List<Message> messages) implements DataRecord {}

    List<String> KEYS = List.of("text", "instruction", "prompt", "question", "messages");

    /** Reads one line; {@code where} is {@code file:line}. */
    static DataRecord parse(String line, String where) {
        JsonNode node;
        try {
            node = Tokenizers.JSON.readTree(line);
        } catch (JacksonException bad) {
            throw new LizardException(
                    LizardException.Kind.INPUT,
                    "bad JSON in %s: expected one JSON object a line but found: %s; mend or remove the line"
                            .formatted(where, Json.problem(bad)),
                    bad);
        }
        if (!node.isObject()) {
            throw wrong(where, "one JSON object a line", node.getNodeType());
        }
        if (node.has("messages")) {
            return new Chat(messages(node.get("messages"), where));
        }
        if (node.has("instruction")) {
            String input = node.path("input").isMissingNode() ? "" : string(node, "input", where);
            return new Instruction(string(node, "instruction", where), input, string(node, "output", where));
        }
        if (node.has("prompt")) {
            String answer = node.has("completion") ? "completion" : "response";
            return new Pair(string(node, "prompt", where), string(node, answer, where));
        }
        if (node.has("question")) {
            return new Instruction(string(node, "question", where), "", string(node, "answer", where));
        }
        if (node.has("text")) {
            return new Text(string(node, "text", where));
        }
        List<String> keys = List.copyOf(node.propertyNames());
        throw LizardException.at(
                LizardException.Kind.INPUT,
                "unknown record",
                where,
                "the key 'text', 'instruction' (with 'output'), 'prompt' (with 'response'), 'question' (with 'answer')"
                        + " or 'messages'",
                keys.isEmpty() ? "no key" : "'" + String.join("', '", keys) + "'",
                similar(keys));
    }

    /** Advice that names a key which looks like one of ours, where there is one. */
    private static String similar(List<String> keys) {
        for (String key : keys) {
            String lower = key.toLowerCase(Locale.ROOT);
            for (String known : Nearest.to(lower, KEYS, KEYS.size())) {
                if (lower.startsWith(known) || known.startsWith(lower)) {
                    return "did you mean '%s' by '%s'?".formatted(known, key);
                }
            }
        }
        return "rename its keys";
    }

    private static List<Message> messages(JsonNode list, String where) {
        if (!list.isArray() || list.isEmpty()) {
            throw wrong(where + "/messages", "a list of messages", list.isArray() ? "an empty list" : "none");
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode message : list) {
            String at = where + "/messages[" + messages.size() + "]";
            messages.add(new Message(string(message, "role", at), string(message, "content", at)));
        }
        return messages;
    }

    private static String string(JsonNode node, String key, String where) {
        JsonNode value = node.path(key);
        if (!value.isString()) {
            throw wrong(where + "/" + key, "a string", value.isMissingNode() ? "nothing" : value.getNodeType());
        }
        return value.asString();
    }

    private static LizardException wrong(String where, String expected, Object found) {
        return LizardException.at(
                LizardException.Kind.INPUT, "bad record", where, expected, found, "mend or remove the line");
    }
}
