package dev.lizard.eval.recall;

import dev.lizard.model.Losses;
import dev.lizard.tensor.RandomStream;
import java.util.Arrays;

/** A task of ids alone, for models trained from scratch: what was paired before must be said again where it is asked. */
public sealed interface TokenRecall permits Mqar, JointRecall {
    /** The label of places that do not count. */
    int IGNORE = (int) Losses.IGNORE_INDEX;

    /**
     * N sequences of T tokens.
     *
     * @param ids [N, T]
     * @param labels [N, T], at a place the token to be said there, without having read it; {@link #IGNORE} at all
     *     places where nothing is asked
     */
    @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
    record Examples(int[][] ids, int[][] labels) {}

    /** As it stands in results and file names. */
    String name();

    /** Every id is below it. */
    int vocabulary();

    /** T. */
    int length();

    /** Labels that count, in each sequence. */
    int questions();

    /** Fills one sequence: ids are 0 and labels {@link #IGNORE} before. */
    void fill(int[] ids, int[] labels, RandomStream random);

    /**
     * Sequences {@code first} to {@code first + count} of those that {@code seed} draws; sequence i is the same however
     * many are drawn, and at whatever time.
     */
    default Examples draw(long seed, long first, int count) {
        int[][] ids = new int[count][length()];
        int[][] labels = new int[count][length()];
        for (int i = 0; i < count; i++) {
            Arrays.fill(labels[i], IGNORE);
            fill(ids[i], labels[i], RandomStream.named(seed, this + "/" + (first + i)));
        }
        return new Examples(ids, labels);
    }
}
