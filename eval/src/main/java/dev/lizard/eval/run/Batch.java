package dev.lizard.eval.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Questions that are read together. All have {@code prefix} first tokens in common, which are read once for their group;
 * up to {@code shared} the rows of each question are read as one, then apart, padded at their ends, where it changes
 * nothing that is wanted.
 *
 * @param questions in any order
 * @param prefix tokens that their whole group shares
 * @param shared first tokens that are read once a question
 * @param cost tokens that are read, calls included
 */
record Batch(List<Question> questions, int prefix, int shared, long cost) {
    /** Batches of questions of like lengths, each as large as makes it cheaper to read. */
    static List<Batch> of(List<Question> group, int prefix, ReadingCost cost) {
        List<Question> sorted = group.stream()
                .sorted(Comparator.comparingInt(Question::shared)
                        .thenComparingInt(Question::longest)
                        .reversed())
                .toList();
        List<Batch> batches = new ArrayList<>();
        Batch open = null;
        for (Question question : sorted) {
            Batch alone = of(List.of(), question, prefix, cost);
            Batch joined = open == null ? alone : of(open.questions(), question, prefix, cost);
            boolean fits = joined.rows() <= cost.rows() && (long) joined.rows() * joined.longest() <= cost.together();
            if (open == null || (fits && joined.cost() <= open.cost() + alone.cost())) {
                open = joined;
            } else {
                batches.add(open);
                open = alone;
            }
        }
        if (open != null) {
            batches.add(open);
        }
        return batches;
    }

    private static Batch of(List<Question> some, Question more, int prefix, ReadingCost cost) {
        List<Question> all = new ArrayList<>(some);
        all.add(more);
        Batch batch = new Batch(all, prefix, prefix, 0);
        int rows = batch.rows();
        int shared = rows == all.size()
                ? prefix
                : all.stream().mapToInt(Question::shared).min().orElse(prefix);
        long read = (long) all.size() * (shared - prefix) + (long) rows * (batch.longest() - shared);
        return new Batch(all, prefix, shared, read + (shared > prefix ? 2L : 1L) * cost.call());
    }

    int rows() {
        return questions.stream().mapToInt(question -> question.rows().size()).sum();
    }

    int longest() {
        return questions.stream().mapToInt(Question::longest).max().orElse(0);
    }
}
