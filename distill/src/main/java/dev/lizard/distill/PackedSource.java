package dev.lizard.distill;

import dev.lizard.text.Batch;
import dev.lizard.text.PackedDataset;

/**
 * A packed corpus, epoch after epoch, each in an order of its own.
 *
 * @param data where the sequences come from; its own cursor is not used
 * @param length T, the tokens of each
 * @param fingerprint names corpus, tokenizer and seed
 * @param allTokens whether every target counts, or only those that the corpus marks as learnt (responses)
 */
public record PackedSource(PackedDataset data, int length, String fingerprint, boolean allTokens)
        implements SequenceSource {
    @Override
    public Batch sequence(long index) {
        Batch batch = data.read(index / data.sequences(), index % data.sequences(), 1);
        return allTokens ? unmasked(batch) : batch;
    }

    /** Targets are the inputs one place on, of the same document; the last one is not among them and keeps its mark. */
    private static Batch unmasked(Batch batch) {
        long[] targets = batch.targets().clone();
        int[] documents = batch.documents();
        for (int t = 1; t < batch.length(); t++) {
            if (documents.length == 0 || documents[t] != t) {
                targets[t - 1] = batch.inputs()[t];
            }
        }
        return new Batch(1, batch.length(), batch.inputs(), targets, documents);
    }
}
