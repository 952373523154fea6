package dev.lizard.generate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How well a model predicts a text; written as JSON it has the fields that {@code score --json} promises.
 *
 * @param tokens T, tokens of the text
 * @param context most tokens before a token that its prediction saw
 * @param nll negative log-likelihood in nats of tokens 1 to T − 1; the first has none
 * @param meanNll mean of {@code nll}
 * @param perplexity exp of it
 * @param likeliest whether each of these tokens was the one with the largest logit, where that was asked
 * @param bitsPerByte sum of {@code nll} in bits over the bytes of the text after its first token, where these are known
 */
public record Score(
        int tokens,
        int context,
        List<Float> nll,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<Boolean> likeliest,

        double meanNll,
        double perplexity,
        @Nullable Double bitsPerByte) {
    /**
     * Mean over a range of positions.
     *
     * @param from least number of tokens seen before the predicted one
     * @param to the range's end, not in it
     * @param tokens predictions in the range
     */
    public record Bucket(int from, int to, long tokens, double meanNll) {}

    public Score {
        nll = FloatList.copyOf(nll);
        likeliest = likeliest == null ? null : List.copyOf(likeliest);
    }

    static Score of(List<Float> nll, @Nullable List<Boolean> likeliest, int context, long bytes) {
        double sum = nll.stream().mapToDouble(Float::doubleValue).sum();
        double mean = sum / nll.size();
        return new Score(
                nll.size() + 1,
                context,
                nll,
                likeliest,
                mean,
                Math.exp(mean),
                bytes > 0 ? sum / Math.log(2) / bytes : null);
    }

    /**
     * Means by how many tokens a prediction saw: 1, 2 to 3, 4 to 7, ... up to the context. Empty ranges are left out.
     */
    public List<Bucket> byPosition() {
        List<Bucket> buckets = new ArrayList<>();
        for (int from = 1; from <= context; from = Math.multiplyExact(from, 2)) {
            long count = 0;
            double sum = 0;
            for (int i = 0; i < nll.size(); i++) {
                int seen = i % context + 1;
                if (seen >= from && seen / 2 < from) {
                    count++;
                    sum += nll.get(i);
                }
            }
            if (count > 0) {
                buckets.add(new Bucket(from, 2 * from, count, sum / count));
            }
        }
        return buckets;
    }
}
