package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.Arrays;

/**
 * Documents one after another, cut into sequences of T tokens without padding. An epoch is one pass over the documents
 * in an order that seed and epoch give; its last tokens, too few for a sequence, are left out. The last target of a
 * sequence is the first input of the next. Where documents are kept apart, the last token of each has no target.
 *
 * <p>Any sequence is found by arithmetic: the order of its epoch is computed and the sequence looked up, nothing is read
 * in between. Not thread-safe.
 */
public final class PackedDataset {
    private final TokenStore store;
    private final int[] documents;
    private final int length;
    private final long seed;
    private final boolean shuffled;
    private final boolean apart;
    private final long tokens;
    private long orderedEpoch = -1;
    private int[] order = {};
    /** [documents + 1] where each document of {@code order} starts in the epoch's stream. */
    private long[] starts = {};

    /**
     * @param store the corpus in tokens, which must stay open
     * @param documents which of its documents, by number
     * @param length T, tokens a sequence
     * @param seed gives each epoch its order
     * @param shuffled whether documents are shuffled at all; otherwise they come as listed
     * @param apart whether the documents of a sequence are told apart, so that none sees another
     * @throws LizardException USAGE, where the documents do not fill one sequence
     */
    public PackedDataset(TokenStore store, int[] documents, int length, long seed, boolean shuffled, boolean apart) {
        if (length < 1) {
            throw LizardException.usage("sequence length %d: expected at least 1".formatted(length));
        }
        this.store = store;
        this.documents = documents.clone();
        this.length = length;
        this.seed = seed;
        this.shuffled = shuffled;
        this.apart = apart;
        long sum = 0;
        for (int document : documents) {
            sum += store.length(document);
        }
        this.tokens = sum;
        if (tokens < length + 1L) {
            throw LizardException.usage("sequence length %d: expected data of at least %d tokens but found %d; %s"
                    .formatted(length, length + 1L, tokens, "shorten sequences or give more data"));
        }
    }

    /** Of documents that are not told apart. */
    public PackedDataset(TokenStore store, int[] documents, int length, long seed, boolean shuffled) {
        this(store, documents, length, seed, shuffled, false);
    }

    /** Number of sequences in an epoch. */
    public long sequences() {
        return (tokens - 1) / length;
    }

    /** Number of tokens of the documents. */
    public long tokens() {
        return tokens;
    }

    /**
     * Up to B sequences of one epoch from {@code first} on: a pass over held-out data is
     * {@code for (long s = 0; s < sequences(); s += B)}.
     */
    public Batch read(long ofEpoch, long first, int batch) {
        if (first < 0 || first >= sequences()) {
            throw new IndexOutOfBoundsException("sequence %d of %d".formatted(first, sequences()));
        }
        int rows = (int) Math.min(batch, sequences() - first);
        Batch filled = empty(rows);
        for (int row = 0; row < rows; row++) {
            fill(ofEpoch, first + row, filled, row * length);
        }
        return filled;
    }

    private Batch empty(int rows) {
        int size = Math.multiplyExact(rows, length);
        return new Batch(rows, length, new long[size], new long[size], new int[apart ? size : 0]);
    }

    private void fill(long ofEpoch, long sequence, Batch to, int offset) {
        arrange(ofEpoch);
        long place = sequence * length;
        int found = Arrays.binarySearch(starts, place);
        int at = found >= 0 ? found : -found - 2;
        for (int t = 0; t <= length; t++, place++) {
            while (place >= starts[at + 1]) {
                at++;
            }
            int token = store.token(store.start(order[at]) + place - starts[at]);
            if (t < length) {
                to.inputs()[offset + t] = token & ~TokenStore.NO_LOSS;
                if (apart) {
                    to.documents()[offset + t] = (int) Math.max(0, starts[at] - sequence * length);
                }
            }
            if (t > 0) {
                boolean none = token < 0 || (apart && place == starts[at]);
                to.targets()[offset + t - 1] = none ? Batch.IGNORE_INDEX : token;
            }
        }
    }

    /** Computes the order of an epoch, once an epoch. */
    private void arrange(long ofEpoch) {
        if (ofEpoch == orderedEpoch) {
            return;
        }
        order = shuffled ? Shuffle.of(documents, seed, ofEpoch) : documents;
        starts = new long[order.length + 1];
        for (int i = 0; i < order.length; i++) {
            starts[i + 1] = starts[i] + store.length(order[i]);
        }
        orderedEpoch = ofEpoch;
    }
}
