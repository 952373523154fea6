package dev.lizard.eval.generation;

import dev.lizard.eval.metric.Ratio;
import dev.lizard.eval.result.Agreement;
import dev.lizard.eval.result.Bucket;
import dev.lizard.mixer.Form;
import dev.lizard.model.LanguageModel;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Compares what a student writes with what its teacher wrote after the same prompts, both greedily, token by token. An
 * end of text counts as a token; where one has ended, the other's further tokens differ.
 */
public final class AgreementMeter {
    private static final int FIRST_STRETCH = 8;

    private AgreementMeter() {}

    /** For each prompt, which of its places agree. */
    private record Places(List<boolean[]> all) {
        Ratio share() {
            return Ratio.of(
                    all.stream().mapToDouble(Places::hits).toArray(),
                    all.stream().mapToDouble(hits -> hits.length).toArray());
        }

        private static int hits(boolean[] places) {
            int hits = 0;
            for (boolean hit : places) {
                hits += hit ? 1 : 0;
            }
            return hits;
        }

        /** Positions doubling from the first stretch on. */
        List<Bucket> byPosition() {
            int longest = all.stream().mapToInt(hits -> hits.length).max().orElse(0);
            List<Bucket> buckets = new ArrayList<>();
            int from = 0;
            for (int to = Math.min(FIRST_STRETCH, longest); from < longest; to = Math.min(2 * to, longest)) {
                int first = from;
                int last = to;
                ToIntFunction<boolean[]> counted = hits -> Math.clamp(hits.length - first, 0, last - first);
                long count = all.stream().mapToInt(counted).sum();
                long hits = all.stream()
                        .mapToInt(one ->
                                hits(Arrays.copyOfRange(one, Math.min(first, one.length), Math.min(last, one.length))))
                        .sum();
                buckets.add(new Bucket(from, to, (double) hits / count, count));
                from = to;
            }
            return buckets;
        }
    }

    /**
     * Compares two models.
     *
     * @param student reads the teacher's texts once more, to be asked at each of their tokens
     * @param prompts ids that were read, none empty
     * @param teachers ids that the teacher wrote after each, one or more
     * @param students ids that the student wrote
     * @param tokens most that were written
     */
    public static Agreement measure(
            LanguageModel student,
            String name,
            String teacher,
            String set,
            List<int[]> prompts,
            List<int[]> teachers,
            List<int[]> students,
            int tokens) {
        List<boolean[]> forced = new ArrayList<>();
        List<boolean[]> free = new ArrayList<>();
        double[] together = new double[prompts.size()];
        int whole = 0;
        for (int i = 0; i < prompts.size(); i++) {
            int[] theirs = teachers.get(i);
            int[] own = students.get(i);
            forced.add(forced(student, prompts.get(i), theirs));
            free.add(same(theirs, own));
            together[i] = together(theirs, own);
            whole += Arrays.equals(theirs, own) ? 1 : 0;
        }
        Places forcedPlaces = new Places(forced);
        Places freePlaces = new Places(free);
        Ratio length = Ratio.ofMean(together);
        Ratio read = forcedPlaces.share();
        Ratio written = freePlaces.share();
        return new Agreement(
                name,
                teacher,
                set,
                prompts.size(),
                tokens,
                length.value(),
                length.stderr(),
                (double) whole / prompts.size(),
                read.value(),
                read.stderr(),
                written.value(),
                written.stderr(),
                forcedPlaces.byPosition(),
                freePlaces.byPosition());
    }

    /** Tokens before the first that differs. */
    static int together(int[] a, int[] b) {
        int first = Arrays.mismatch(a, b);
        return first < 0 ? a.length : first;
    }

    /** Whether each place has the same token; as long as the longer of the two. */
    static boolean[] same(int[] a, int[] b) {
        boolean[] same = new boolean[Math.max(a.length, b.length)];
        for (int i = 0; i < Math.min(a.length, b.length); i++) {
            same[i] = a[i] == b[i];
        }
        return same;
    }

    /** Whether each token of {@code text} is the model's first choice after the prompt and the text before it. */
    private static boolean[] forced(LanguageModel model, int[] prompt, int[] text) {
        int[] ids = Arrays.copyOf(prompt, prompt.length + text.length);
        System.arraycopy(text, 0, ids, prompt.length, text.length);
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor read = Tensors.of(Arrays.copyOf(ids, ids.length - 1), 1, ids.length - 1);
            Tensor hidden = model.hidden(read.to(model.device()), Form.CHUNK)
                    .select(0, 0)
                    .narrow(0, prompt.length - 1L, text.length); // [n, D]
            long[] best = model.logits(hidden).argmax(-1).longs();
            boolean[] hits = new boolean[text.length];
            for (int i = 0; i < hits.length; i++) {
                hits[i] = best[i] == text[i];
            }
            return hits;
        }
    }
}
