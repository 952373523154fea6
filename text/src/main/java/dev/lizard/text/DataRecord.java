package dev.lizard.text;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A record of data: plain text, an instruction with its answer, or a conversation. */
sealed interface DataRecord {
    /** A text to learn as a whole. */
    record Text(Passage text) implements DataRecord {}

    /** Stanford Alpaca's form; {@code input} may be empty. */
    record Instruction(Passage instruction, Passage input, Passage output) implements DataRecord {
        /** What comes before the answer: the template that models tuned on Alpaca were trained with. */
        Passage prompt() {
            boolean alone = input.isBlank();
            String context = alone ? "" : ", paired with an input that provides further context";
            return Passage.of(
                    Passage.of("Below is an instruction that describes a task" + context
                            + ". Write a response that appropriately completes the request.\n\n### Instruction:\n"),
                    instruction,
                    Passage.of(alone ? "" : "\n\n### Input:\n"),
                    alone ? Passage.of("") : input,
                    Passage.of("\n\n### Response:\n"));
        }
    }

    /** A prompt as the model shall see it, and what it shall answer. */
    record Pair(Passage prompt, Passage answer) implements DataRecord {}

    /**
     * A conversation for the chat template.
     *
     * @param given how many of its first messages are context, of which nothing is learnt
     * @param extras what the template may know beside the messages, {@code tools} for instance
     */
    record Chat(List<Message> messages, int given, Map<String, ? extends @Nullable Object> extras)
            implements DataRecord {
        /** The conversation {@code list} of a record. */
        static Chat of(JsonNode list, String where, int given, RecordFields fields) {
            return new Chat(Messages.of(list, where), given, Messages.extras(fields));
        }
    }

    /** Reads one record of JSON; {@code where} is {@code file:line}. */
    static DataRecord parse(String json, String where) {
        return of(RecordFields.parse(json, where));
    }

    /** The record of these fields. */
    static DataRecord of(RecordFields fields) {
        RecordKind kind = RecordKind.of(fields);
        return switch (kind) {
            case MESSAGES -> Chat.of(fields.get("messages"), fields.at("messages"), 0, fields);
            case CONVERSATIONS -> {
                String key = kind.key(fields, 0);
                JsonNode turns = ShareGpt.messages(fields.get(key), fields.get("system"), fields.at(key));
                yield Chat.of(turns, fields.at(key), 0, fields);
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
    private static Passage context(RecordFields fields, RecordKind kind) {
        if (kind == RecordKind.INSTRUCTION && fields.has("input")) {
            Passage input = fields.text("input");
            if (!input.isBlank()) {
                return input;
            }
        }
        return fields.isText("context") ? fields.text("context") : Passage.of("");
    }
}
