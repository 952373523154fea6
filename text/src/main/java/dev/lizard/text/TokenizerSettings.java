package dev.lizard.text;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a model's files say about its tokenizer beside the vocabulary.
 *
 * @param bosId the id that begins a text
 * @param eosIds the ids that end one, the tokenizer's own first
 * @param chatTemplate the Jinja source of the chat template
 */
public record TokenizerSettings(OptionalInt bosId, List<Integer> eosIds, Optional<String> chatTemplate) {
    public TokenizerSettings {
        eosIds = List.copyOf(eosIds);
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
