package dev.lizard.eval.result;

import java.util.List;

/**
 * How long the gates of a layer let its memory last, over all heads and tokens: a gate γ halves what is held in
 * ln 0.5 / ln γ tokens.
 *
 * @param edges half-lives in tokens that part the bins, rising; the first bin is what is below the first, the last what
 *     is above the last
 * @param counts gates in each bin, one more than edges
 */
public record GateHistogram(String model, int layer, List<Double> edges, List<Long> counts) {
    public long total() {
        return counts.stream().mapToLong(Long::longValue).sum();
    }
}
