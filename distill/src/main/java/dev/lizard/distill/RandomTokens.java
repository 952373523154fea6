package dev.lizard.distill;

import dev.lizard.model.Decoder;
import dev.lizard.tensor.RandomStream;
import dev.lizard.text.Batch;
import java.util.Arrays;

/** Sequences without meaning, for measuring speed; of four documents each where these are kept apart. */
record RandomTokens(int length, int vocabulary, long seed, boolean apart) implements SequenceSource {
    private static final int DOCUMENTS = 4;

    static RandomTokens of(Recipe recipe, int length, Decoder decoder) {
        return new RandomTokens(length, decoder.config().vocabSize(), recipe.seed(), recipe.apart());
    }

    @Override
    public Batch sequence(long index) {
        RandomStream random = RandomStream.named(seed, "tokens/" + index);
        long[] ids = new long[length + 1];
        for (int t = 0; t <= length; t++) {
            ids[t] = random.nextInt(vocabulary);
        }
        int[] documents = new int[apart ? length : 0];
        int each = Math.ceilDiv(length, DOCUMENTS);
        for (int t = 0; t < documents.length; t++) {
            documents[t] = t - t % each;
        }
        return new Batch(1, length, Arrays.copyOf(ids, length), Arrays.copyOfRange(ids, 1, length + 1), documents);
    }

    @Override
    public String fingerprint() {
        return toString();
    }
}
