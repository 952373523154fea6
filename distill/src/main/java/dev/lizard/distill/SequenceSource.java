package dev.lizard.distill;

import dev.lizard.text.Batch;

/**
 * An endless list of training sequences. Sequence n is a function of n and the source's seed alone, so that one number
 * is the whole state of the data: a resumed run goes on by arithmetic, nothing is read in between.
 */
public interface SequenceSource {
    /** T, the tokens of each sequence. */
    int length();

    /** Sequence {@code index} (from 0), as a batch of one. */
    Batch sequence(long index);

    /** Names data, order and lengths: a checkpoint is only resumed on the source it was made with. */
    String fingerprint();

    /** Sequences {@code first} to {@code first + count - 1}. */
    default Batch batch(long first, int count) {
        int length = length();
        long[] inputs = new long[Math.multiplyExact(count, length)];
        long[] targets = new long[inputs.length];
        int[] documents = {};
        for (int row = 0; row < count; row++) {
            Batch one = sequence(first + row);
            System.arraycopy(one.inputs(), 0, inputs, row * length, length);
            System.arraycopy(one.targets(), 0, targets, row * length, length);
            int[] own = one.documents();
            if (own.length > 0) {
                documents = documents.length == 0 ? new int[inputs.length] : documents;
                System.arraycopy(own, 0, documents, row * length, length);
            }
        }
        return new Batch(count, length, inputs, targets, documents);
    }
}
