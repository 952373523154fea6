package dev.lizard.eval.recall;

import dev.lizard.tensor.RandomStream;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Joint recall (Zhan et al. 2025, arXiv 2507.00449): the value belongs to a key within a context, so a memory must find
 * both. A value is drawn for each pair of a context and a key; all contexts are written in random order, each followed by
 * its keys in random order with their values, and then all once more in other orders, where each value is asked.
 *
 * <pre>
 *   BOS  c_2 k_1 v k_3 v ...  c_1 k_3 v ...  SEP  c_1 k_1 v ...  c_2 k_3 v ...     label at k after SEP: its v
 * </pre>
 *
 * @param contexts 1 to 16
 * @param keys 1 to 16, the same for all contexts
 * @param values 2 to 16 different ones
 */
public record JointRecall(int contexts, int keys, int values) implements TokenRecall {
    private static final int BOS = 1;
    private static final int SEP = 4;
    private static final int FIRST_VALUE = 10;
    private static final int FIRST_KEY = 26;
    private static final int FIRST_CONTEXT = 42;
    private static final int MOST = 16;

    /** The fewest contexts and keys in the paper's data; the most are 16. */
    private static final int FEWEST = 5;

    public JointRecall {
        if (contexts < 1 || keys < 1 || values < 2 || Math.max(contexts, Math.max(keys, values)) > MOST) {
            throw new IllegalArgumentException(
                    "joint recall needs 1 to %d contexts and keys and 2 to %d values, not".formatted(MOST, MOST)
                            + " %d, %d and %d".formatted(contexts, keys, values));
        }
    }

    /** All sizes of the paper's data, which has as many sequences of each. */
    public static List<JointRecall> sizes() {
        return IntStream.rangeClosed(FEWEST, MOST)
                .boxed()
                .flatMap(contexts ->
                        IntStream.rangeClosed(FEWEST, MOST).mapToObj(keys -> new JointRecall(contexts, keys)))
                .toList();
    }

    /** With the paper's 16 values. */
    public JointRecall(int contexts, int keys) {
        this(contexts, keys, MOST);
    }

    @Override
    public String name() {
        return "joint_recall";
    }

    @Override
    public int vocabulary() {
        return FIRST_CONTEXT + MOST;
    }

    @Override
    public int length() {
        return 2 + 2 * contexts * (2 * keys + 1);
    }

    @Override
    public int questions() {
        return contexts * keys;
    }

    @Override
    public void fill(int[] ids, int[] labels, RandomStream random) {
        int[][] value = new int[contexts][keys];
        for (int[] row : value) {
            for (int key = 0; key < keys; key++) {
                row[key] = FIRST_VALUE + random.nextInt(values);
            }
        }
        int half = length() / 2;
        ids[0] = BOS;
        ids[half] = SEP;
        int[] unasked = new int[labels.length];
        write(ids, unasked, 1, value, random);
        write(ids, labels, half + 1, value, random);
    }

    private void write(int[] ids, int[] labels, int from, int[][] value, RandomStream random) {
        int at = from;
        for (int context : Draws.distinct(0, contexts, contexts, random)) {
            ids[at++] = FIRST_CONTEXT + context;
            for (int key : Draws.distinct(0, keys, keys, random)) {
                ids[at] = FIRST_KEY + key;
                labels[at] = value[context][key];
                ids[at + 1] = value[context][key];
                at += 2;
            }
        }
    }
}
