package dev.lizard.text;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a model's files say about its tokenizer beside the vocabulary.
 *
 * @param bosId the id that begins a text
 * @param eosIds the ids that end one, the tokenizer's own first
 * @param chatTemplate the Jinja source of the chat template
 * @param named the texts of the special tokens that files name, by their names ({@code bos_token}, {@code pad_token})
 */
public record TokenizerSettings(
        OptionalInt bosId, List<Integer> eosIds, Optional<String> chatTemplate, Map<String, String> named) {
    public TokenizerSettings {
        eosIds = List.copyOf(eosIds);
        named = Map.copyOf(named);
    }

    /** Settings of which no names are known. */
    public TokenizerSettings(OptionalInt bosId, List<Integer> eosIds, Optional<String> chatTemplate) {
        this(bosId, eosIds, chatTemplate, Map.of());
    }

    /** No BOS, no EOS, no template. */
    public static TokenizerSettings none() {
        return new TokenizerSettings(OptionalInt.empty(), List.of(), Optional.empty());
    }

    /** One EOS and nothing else. */
    public static TokenizerSettings ofEos(int eosId) {
        return new TokenizerSettings(OptionalInt.empty(), List.of(eosId), Optional.empty());
    }
}
