package dev.lizard.text;

/**
 * Packed sequences for one step.
 *
 * @param batch B, the number of sequences
 * @param length T, the tokens of each
 * @param inputs [B * T] token ids, row by row
 * @param targets [B * T] the id that follows each input, {@link #IGNORE_INDEX} where it does not count in the loss
 * @param documents [B * T] the place in its sequence where each token's document begins; empty where tokens see all before
 */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
public record Batch(int batch, int length, long[] inputs, long[] targets, int[] documents) {
    /** The target that losses leave out. */
    public static final long IGNORE_INDEX = -100;

    public Batch {
        long size = (long) batch * length;
        boolean each = documents.length == 0 || documents.length == size;
        if (inputs.length != size || targets.length != size || !each) {
            throw new IllegalArgumentException("batch %d of length %d, but %d inputs and %d targets"
                    .formatted(batch, length, inputs.length, targets.length));
        }
    }

    /** Of tokens that see all before them. */
    public Batch(int batch, int length, long[] inputs, long[] targets) {
        this(batch, length, inputs, targets, new int[0]);
    }
}
