package dev.lizard.serve.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * How likely a token was, by the model itself: at temperature 1 and before any filter.
 *
 * @param logprob natural logarithm of its probability
 * @param top the likeliest in its place, the likeliest first
 */
public record TokenScore(int id, float logprob, List<Likely> top) {
    /** One of the likeliest tokens. */
    public record Likely(int id, float logprob) {}

    public TokenScore {
        top = List.copyOf(top);
    }

    /** Of {@code id} and the {@code count} likeliest by the scores [V]. */
    static TokenScore of(float[] scores, int id, int count) {
        float highest = Float.NEGATIVE_INFINITY;
        for (float score : scores) {
            highest = Math.max(highest, score);
        }
        double sum = 0;
        for (float score : scores) {
            sum += Math.exp(score - highest);
        }
        double total = highest + Math.log(sum);
        List<Likely> top = new ArrayList<>();
        for (int likely : likeliest(scores, count)) {
            top.add(new Likely(likely, (float) (scores[likely] - total)));
        }
        return new TokenScore(id, (float) (scores[id] - total), top);
    }

    /** The ids of the highest scores, lower ids first among equals. */
    private static int[] likeliest(float[] scores, int count) {
        int[] ids = new int[Math.min(count, scores.length)];
        int held = 0;
        for (int id = 0; id < scores.length && ids.length > 0; id++) {
            if (held == ids.length && scores[id] <= scores[ids[held - 1]]) {
                continue;
            }
            int at = held < ids.length ? held++ : held - 1;
            while (at > 0 && scores[ids[at - 1]] < scores[id]) {
                ids[at] = ids[at - 1];
                at--;
            }
            ids[at] = id;
        }
        return ids;
    }
}
