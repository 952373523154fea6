package dev.lizard.eval.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Questions that are read together. All have {@code prefix} first tokens in common, which are read once for their group;
 * up to {@code shared} the rows of each question are read as one, then apart, padded at their ends, where it changes
 * nothing that is wanted.
 *
 * @param prefix tokens that their whole group shares
 * @param shared first tokens that are read once a question
 * @param cost tokens that are read, padding and what calls cost included
 */
record Batch(List<Question> questions, int prefix, int shared, int longest, long cost) {
    /** Batches of a group, cut where reading costs least among questions of like lengths; the longest come first. */
    static List<Batch> of(List<Question> group, int prefix, ReadingCost cost) {
        Comparator<Question> byLength = Comparator.comparingInt(Question::longest);
        Comparator<Question> byShared = Comparator.comparingInt(Question::shared);
        return Stream.of(byLength.thenComparing(byShared), byShared.thenComparing(byLength))
                .map(order -> cut(group.stream().sorted(order.reversed()).toList(), prefix, cost))
                .min(Comparator.comparingLong(
                        batches -> batches.stream().mapToLong(Batch::cost).sum()))
                .orElseThrow();
    }

    /** The cheapest cuts of a sorted list: for each end the best last batch, from the costs of all shorter lists. */
    private static List<Batch> cut(List<Question> sorted, int prefix, ReadingCost cost) {
        int count = sorted.size();
        long[] best = new long[count + 1];
        int[] begin = new int[count + 1];
        for (int end = 1; end <= count; end++) {
            best[end] = Long.MAX_VALUE;
            Size size = Size.NONE;
            for (int from = end - 1; from >= 0; from--) {
                size = size.with(sorted.get(from));
                if (from < end - 1 && !size.fits(cost)) {
                    break;
                }
                long total = best[from] + size.cost(prefix, cost);
                if (total < best[end]) {
                    best[end] = total;
                    begin[end] = from;
                }
            }
        }
        List<Batch> batches = new ArrayList<>();
        for (int end = count; end > 0; end = begin[end]) {
            List<Question> questions = sorted.subList(begin[end], end);
            Size size = Size.NONE;
            for (Question question : questions) {
                size = size.with(question);
            }
            batches.add(
                    new Batch(questions, prefix, size.readOnce(prefix), size.longest, best[end] - best[begin[end]]));
        }
        return batches.reversed();
    }

    /** What some questions come to. */
    private record Size(int questions, int rows, int shared, int longest) {
        static final Size NONE = new Size(0, 0, Integer.MAX_VALUE, 0);

        Size with(Question more) {
            return new Size(
                    questions + 1,
                    rows + more.rows().size(),
                    Math.min(shared, more.shared()),
                    Math.max(longest, more.longest()));
        }

        boolean fits(ReadingCost cost) {
            return rows <= cost.rows() && (long) rows * longest <= cost.together();
        }

        /** Beginnings that belong to one row each are not read apart from it. */
        int readOnce(int prefix) {
            return rows == questions ? prefix : shared;
        }

        long cost(int prefix, ReadingCost cost) {
            int once = readOnce(prefix);
            long read = (long) questions * (once - prefix) + (long) rows * (longest - once);
            return read + (once > prefix ? 2L : 1L) * cost.call();
        }
    }
}
