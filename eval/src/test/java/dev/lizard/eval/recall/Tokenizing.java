package dev.lizard.eval.recall;

import dev.lizard.base.Json;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.TokenizerSettings;
import dev.lizard.text.Tokenizers;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tokenizers with tokens of a byte and of several. */
final class Tokenizing {
    private static final List<String> MERGES = List.of(
            "t h", "th e", "Ġ the", "i n", "e r", "a n", "Ġ a", "o n", "r e", "Ġ s", "Ġ w", "e n", "o u", "i s", "Ġ is",
            "an d", "Ġ and", "in g", "s t", "l l", "o r", "Ġ b", "Ġ o", "Ġo f", "e a", "h e", "Ġ c", "e d", "a t");

    private Tokenizing() {}

    static Tokenizer bytes() {
        return ByteTokenizer.open(List.of("<|end|>"));
    }

    static Tokenizer merged() {
        JsonNode root = Json.MAPPER.readTree(ByteTokenizer.json(List.of("<|end|>")));
        ObjectNode vocabulary = (ObjectNode) root.at("/model/vocab");
        ArrayNode merges = (ArrayNode) root.at("/model/merges");
        for (String merge : MERGES) {
            merges.add(merge);
            vocabulary.put(merge.replace(" ", ""), 257 + merges.size() - 1);
        }
        return Tokenizers.fromJson(root.toString(), TokenizerSettings.ofEos(256), "the tests' tokenizer");
    }
}
