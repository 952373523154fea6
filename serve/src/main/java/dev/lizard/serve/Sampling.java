package dev.lizard.serve;

import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.text.grammar.TokenGrammar;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * How the choices of a request are drawn, as its fields say.
 *
 * @param sampling of the first choice
 * @param choices how many
 * @param stops texts that end one
 * @param endIds ids that do, beside the tokenizer's own
 * @param pastEnd whether it goes on past these
 */
record Sampling(SamplerSettings sampling, int choices, List<String> stops, List<Integer> endIds, boolean pastEnd) {
    private static final int MOST_CHOICES = 128;
    private static final int MOST_STOPS = 16;
    private static final int LONGEST_STOP = 4_096;
    private static final String ADVICE = "leave it out";

    static Sampling of(Fields fields, Served served) {
        fields.refuse(ADVICE, "logit_bias", "min_tokens", "bad_words", "use_beam_search", "suffix");
        int choices = fields.whole("n", 1, 1, MOST_CHOICES);
        if (fields.whole("best_of", choices, 1, MOST_CHOICES) != choices) {
            throw ApiError.unsupported("best_of", "leave it out, or ask for as many as n");
        }
        double temperature = fields.number("temperature", 1, 0, 100);
        double topP = fields.number("top_p", 1, 0, 1);
        int topK = fields.whole("top_k", 0, -1, Integer.MAX_VALUE);
        SamplerSettings sampling = new SamplerSettings(
                temperature < 1e-5 ? 0 : temperature,
                topP == 0 ? 1 : Math.max(0, topK), // the smallest part is the likeliest token
                topP == 0 ? 1 : topP,
                fields.number("min_p", 0, 0, 1),
                fields.number("repetition_penalty", 1, 1e-3, 1e3),
                fields.number("presence_penalty", 0, -2, 2),
                fields.number("frequency_penalty", 0, -2, 2),
                fields.any("seed").orElseGet(() -> ThreadLocalRandom.current().nextLong()));
        List<Integer> ends = new ArrayList<>(served.endIds());
        ends.addAll(endIds(fields, served));
        return new Sampling(sampling, choices, stops(fields), ends, fields.flag("ignore_eos", false));
    }

    private static List<String> stops(Fields fields) {
        List<String> stops = fields.texts("stop");
        if (stops.size() > MOST_STOPS) {
            throw ApiError.field("stop", "at most " + MOST_STOPS + " texts", Integer.toString(stops.size()));
        }
        for (String stop : stops) {
            if (stop.isEmpty() || stop.length() > LONGEST_STOP) {
                throw ApiError.field(
                        "stop", "texts of 1 to " + LONGEST_STOP + " characters", Integer.toString(stop.length()));
            }
        }
        return stops;
    }

    private static List<Integer> endIds(Fields fields, Served served) {
        List<Integer> ids = new ArrayList<>();
        if (fields.has("stop_token_ids")) {
            if (!fields.get("stop_token_ids").isArray()) {
                throw Fields.wrong("stop_token_ids", "a list of token ids", fields.get("stop_token_ids"));
            }
            int most = served.decoder().vocabulary() - 1;
            fields.get("stop_token_ids").forEach(id -> ids.add((int) Fields.whole(id, "stop_token_ids", 0, most)));
        }
        return ids;
    }

    /** A choice each, with seeds that follow one another; none for no tokens. */
    List<GenerationSettings> settings(int maxTokens) {
        return settings(maxTokens, Set.of(), null);
    }

    /** The same for texts of a grammar, with control tokens that are told. */
    List<GenerationSettings> settings(int maxTokens, Set<Integer> shown, @Nullable TokenGrammar grammar) {
        List<GenerationSettings> all = new ArrayList<>();
        for (int i = 0; i < choices && maxTokens > 0; i++) {
            SamplerSettings own = sampling.withSeed(sampling.seed() + i);
            all.add(new GenerationSettings(maxTokens, own, stops, endIds, pastEnd, shown, grammar));
        }
        return all;
    }
}
