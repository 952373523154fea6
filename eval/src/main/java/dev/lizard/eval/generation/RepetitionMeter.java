package dev.lizard.eval.generation;

import dev.lizard.eval.metric.Ratio;
import dev.lizard.eval.result.Repetition;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/** Measures {@link Repetition} of texts of equal length. */
public final class RepetitionMeter {
    private static final int LONGEST = 4;

    private RepetitionMeter() {}

    /** Of one text or more, each of four tokens or more. */
    public static Repetition measure(String model, List<int[]> texts) {
        List<Double> distinct = new ArrayList<>();
        List<Double> errors = new ArrayList<>();
        for (int n = 1; n <= LONGEST; n++) {
            int length = n;
            Ratio share = ratio(texts, ids -> NGrams.distinct(ids, length), ids -> NGrams.count(ids, length));
            distinct.add(share.value());
            if (share.stderr() != null) {
                errors.add(share.stderr());
            }
        }
        Ratio repeated = ratio(texts, ids -> NGrams.repeated(ids, LONGEST), ids -> ids.length);
        NGrams.Loop longest = new NGrams.Loop(0, 0);
        for (int[] text : texts) {
            NGrams.Loop loop = NGrams.longestLoop(text);
            longest = loop.tokens() > longest.tokens() ? loop : longest;
        }
        return new Repetition(
                model,
                texts.size(),
                texts.stream().mapToInt(ids -> ids.length).sum(),
                distinct,
                errors,
                repeated.value(),
                repeated.stderr(),
                longest.tokens(),
                longest.period());
    }

    private static Ratio ratio(List<int[]> texts, ToIntFunction<int[]> part, ToIntFunction<int[]> whole) {
        return Ratio.of(
                texts.stream().mapToDouble(part::applyAsInt).toArray(),
                texts.stream().mapToDouble(whole::applyAsInt).toArray());
    }
}
