package dev.lizard.text.grammar;

import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What a text may be. Immutable; each text has a {@link Cursor} of its own. */
public final class Grammar {
    private final Rule rule;

    private Grammar(Rule rule) {
        this.rule = rule;
    }

    /** Any JSON object. */
    public static Grammar object() {
        return new Grammar(new Rule.Free(new Rule.Any(JsonRules.DEPTH)));
    }

    /**
     * JSON that a schema describes ({@code docs/serve.md} names the part that is understood).
     *
     * @param where names the schema in errors
     * @throws LizardException INPUT for what is not understood
     */
    public static Grammar of(JsonNode schema, String where) {
        return new Grammar(JsonRules.of(schema, where));
    }

    /** This between two texts. */
    public Grammar between(String begin, String end) {
        return new Grammar(new Rule.Row(List.of(Rule.Texts.of(begin), rule, Rule.Texts.of(end))));
    }

    /** One of several. */
    public static Grammar either(List<Grammar> some) {
        return new Grammar(new Rule.Either(some.stream().map(one -> one.rule).toList()));
    }

    /** For texts of a tokenizer whose bytes are known. */
    public TokenGrammar in(TokenBytes tokens) {
        return new TokenGrammar(this, tokens);
    }

    /** At the beginning of a text that is written in {@code tokens}. */
    Cursor begin(TokenBytes tokens) {
        return new Cursor(tokens, List.of(Place.Gap.before(rule.begin(Place.End.HERE))));
    }

    /** How far a text has come. Not thread-safe. */
    public static final class Cursor {
        private final TokenBytes tokens;
        private List<Place> places;
        private @Nullable List<Place> foundAt;
        private TokenBytes.@Nullable Found found;

        private Cursor(TokenBytes tokens, List<Place> places) {
            this.tokens = tokens;
            this.places = places;
        }

        /** The fewest bytes to the end. */
        int distance() {
            return TokenBytes.distance(places);
        }

        /** Whether the text may end here. */
        public boolean mayEnd() {
            return places.stream().anyMatch(Place::mayEnd);
        }

        /** Whether it must. */
        public boolean isOver() {
            return places.stream().allMatch(Place.End.HERE::equals);
        }

        /**
         * The tokens that may come next; they are such that the text can be ended by {@code left} tokens, this one
         * included, where that is possible at all.
         */
        public BitSet allowed(int left) {
            boolean known = found != null && places.equals(foundAt) && found.farthest() < left;
            if (!known) {
                found = tokens.from(places, left - 1);
                foundAt = places;
                if (found.ids().isEmpty() && !mayEnd()) {
                    found = tokens.from(places, Integer.MAX_VALUE);
                }
            }
            if (found == null || (found.ids().isEmpty() && !mayEnd())) {
                throw LizardException.failed(
                        "cannot go on in JSON mode: expected a token that fits but found none in the"
                                + " vocabulary; try again without response_format");
            }
            return found.ids();
        }

        /** Goes on behind a token that was allowed. */
        public void take(int id) {
            List<Place> now = places;
            for (byte b : tokens.of(id)) {
                List<Place> next = new ArrayList<>(2);
                TokenBytes.step(now, b & 0xFF, next);
                now = next;
            }
            places = now;
        }
    }
}
