package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.text.grammar.TokenGrammar;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How much text to make and where it ends.
 *
 * @param maxTokens at most so many tokens
 * @param sampling how each is chosen
 * @param stops texts that end the generation and are left out
 * @param endIds further ids that end it, beside the tokenizer's own
 * @param pastEnd whether to go on past the ids that end a text, up to {@code maxTokens}
 * @param shown control tokens that are written as they are spelt; others have no text
 * @param grammar what the text must be; null where it may be anything
 */
public record GenerationSettings(
        int maxTokens,
        SamplerSettings sampling,
        List<String> stops,
        List<Integer> endIds,
        boolean pastEnd,
        Set<Integer> shown,
        @Nullable TokenGrammar grammar) {
    /** Checks the values; errors name the flag (USAGE). */
    public GenerationSettings {
        stops = List.copyOf(stops);
        endIds = List.copyOf(endIds);
        shown = Set.copyOf(shown);
        if (maxTokens < 1) {
            throw LizardException.usage("--max-tokens out of range: expected 1 or more but found " + maxTokens);
        }
        if (stops.stream().anyMatch(String::isEmpty)) {
            throw LizardException.usage("--stop must not be empty: an empty text would end every answer");
        }
    }

    /** Without a grammar; control tokens have no text. */
    public GenerationSettings(
            int maxTokens, SamplerSettings sampling, List<String> stops, List<Integer> endIds, boolean pastEnd) {
        this(maxTokens, sampling, stops, endIds, pastEnd, Set.of(), null);
    }

    /** Up to {@code maxTokens} tokens, ended by the tokenizer's own end ids. */
    public static GenerationSettings of(int maxTokens, SamplerSettings sampling) {
        return new GenerationSettings(maxTokens, sampling, List.of(), List.of(), false);
    }

    public GenerationSettings withStops(List<String> texts) {
        return new GenerationSettings(maxTokens, sampling, texts, endIds, pastEnd, shown, grammar);
    }

    /** For measurements: exactly {@code maxTokens} tokens whatever they are. */
    public GenerationSettings goingPastEnd() {
        return new GenerationSettings(maxTokens, sampling, stops, endIds, true, shown, grammar);
    }

    /** The text is one that the grammar allows, ended in time where {@code maxTokens} suffice. */
    public GenerationSettings withGrammar(TokenGrammar rules) {
        return new GenerationSettings(maxTokens, sampling, stops, endIds, pastEnd, shown, rules);
    }
}
