package dev.lizard.eval.run;

import java.util.ArrayList;
import java.util.List;

/**
 * Questions that follow one another and begin alike, with the same examples or about the same text.
 *
 * @param questions in order
 * @param prefix first tokens that they have in common; 0 for those that are no group
 */
record PrefixGroup(List<Question> questions, int prefix) {
    /** Fewer tokens in common are not worth a state of their own. */
    private static final int LEAST = 48;

    /** What is no group comes last, as one. */
    static List<PrefixGroup> of(List<Question> questions, ReadingCost cost) {
        List<PrefixGroup> groups = new ArrayList<>();
        List<Question> others = new ArrayList<>();
        List<Question> open = new ArrayList<>();
        int prefix = 0;
        for (Question question : questions) {
            int common = open.isEmpty()
                    ? 0
                    : Math.min(prefix, question.common(open.getFirst().rows().getFirst()));
            if (common < LEAST || 2 * common < prefix) {
                close(open, prefix, cost, groups, others);
                open = new ArrayList<>();
                common = question.shared();
            }
            open.add(question);
            prefix = common;
        }
        close(open, prefix, cost, groups, others);
        if (!others.isEmpty()) {
            groups.add(new PrefixGroup(others, 0));
        }
        return groups;
    }

    private static void close(
            List<Question> open, int prefix, ReadingCost cost, List<PrefixGroup> groups, List<Question> others) {
        if ((open.size() - 1L) * prefix > 2L * cost.call()) {
            groups.add(new PrefixGroup(open, prefix));
        } else {
            others.addAll(open);
        }
    }
}
