package dev.lizard.text;

import dev.lizard.base.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A record of data: plain text, an instruction with its answer, or a conversation. */
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

    /**
     * A conversation for the chat template.
     *
     * @param given how many of its first messages are context, of which nothing is learnt
     */
    record Chat(List<Message> messages, int given) implements DataRecord {}

    /** Reads one record of JSON; {@code where} is {@code file:line}. */
    static DataRecord parse(String json, String where) {
        return of(RecordFields.parse(json, where));
    }

    /** The record of these fields. */
    static DataRecord of(RecordFields fields) {
        RecordKind kind = RecordKind.of(fields);
        return switch (kind) {
            case MESSAGES -> new Chat(messages(fields.get("messages"), fields.at("messages")), 0);
            case CONVERSATIONS -> {
                String key = kind.key(fields, 0);
                JsonNode turns = ShareGpt.messages(fields.get(key), fields.get("system"), fields.at(key));
                yield new Chat(messages(turns, fields.at(key)), 0);
            }
            case INSTRUCTION, QUESTION ->
                new Instruction(
                        fields.text(kind.key(fields, 0)), context(fields, kind), fields.text(kind.key(fields, 1)));
            case PROMPT -> Prompted.of(fields, kind.key(fields, 1));
            case CHOSEN -> Prompted.chosen(fields);
            case TEXT -> new Text(fields.text("text"));
            case CONTENT -> {
                if (ShareGpt.isRole(fields.get("role"))) {
                    throw RecordFields.wrong(fields.where(), "a conversation under 'messages'", "a message by itself");
                }
                yield new Text(fields.text("content"));
            }
        };
    }

    /** What an instruction is about: Alpaca's input or Dolly's context. A context of another type is not Dolly's. */
    private static String context(RecordFields fields, RecordKind kind) {
        if (kind == RecordKind.INSTRUCTION && fields.has("input")) {
            String input = fields.text("input");
            if (!input.isBlank()) {
                return input;
            }
        }
        return fields.isText("context") ? fields.text("context") : "";
    }

    /** The messages of {@code list}; {@code where} is {@code file:line/key}. */
    static List<Message> messages(JsonNode list, String where) {
        if (!list.isArray() || list.isEmpty()) {
            throw RecordFields.wrong(where, "a list of messages", list.isArray() ? "an empty list" : Json.kindOf(list));
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode message : list) {
            String at = where + "[" + messages.size() + "]";
            messages.add(new Message(string(message, "role", at), string(message, "content", at)));
        }
        return messages;
    }

    private static String string(JsonNode node, String key, String where) {
        JsonNode value = node.path(key);
        if (!value.isString()) {
            throw RecordFields.wrong(where + "/" + key, "a string", Json.kindOf(value));
        }
        return value.asString();
    }
}
