package dev.lizard.serve;

import dev.lizard.text.Tokenizer;
import dev.lizard.text.grammar.Grammar;
import dev.lizard.text.grammar.TokenBytes;
import dev.lizard.text.grammar.TokenGrammar;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Grammars for the tokens of a model, whose bytes are sorted when the first is asked for. */
final class Grammars {
    private static final String FORMAT = "response_format";

    private final Tokenizer tokenizer;
    private @Nullable TokenBytes bytes;

    Grammars(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    synchronized TokenGrammar of(Grammar grammar) {
        if (bytes == null) {
            bytes = TokenBytes.of(tokenizer);
        }
        return grammar.in(bytes);
    }

    /** What the field {@code response_format} asks for; null for any text. */
    static @Nullable Grammar format(Fields fields) {
        if (!fields.has(FORMAT)) {
            return null;
        }
        Fields format = fields.object(FORMAT);
        String type = format.text("type");
        return switch (type == null ? "" : type) {
            case "text" -> null;
            case "json_object" -> Grammar.object();
            case "json_schema" -> {
                if (!format.has("json_schema")) {
                    throw ApiError.field(FORMAT + ".json_schema", "an object with a schema", "nothing");
                }
                Fields named = format.object("json_schema");
                if (!named.has("schema")) {
                    throw ApiError.field(FORMAT + ".json_schema.schema", "a JSON schema", "nothing");
                }
                JsonNode schema = named.get("schema");
                yield ApiError.guarded(FORMAT, () -> Grammar.of(schema, FORMAT + ".json_schema.schema"));
            }
            default ->
                throw ApiError.field(
                        FORMAT + ".type", "text, json_object or json_schema", type == null ? "nothing" : "another");
        };
    }
}
