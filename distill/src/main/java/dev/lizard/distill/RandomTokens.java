package dev.lizard.distill;

import dev.lizard.tensor.RandomStream;
import dev.lizard.text.Batch;
import java.util.Arrays;

/** Sequences without meaning, for measuring speed. */
record RandomTokens(int length, int vocabulary, long seed) implements SequenceSource {
    @Override
    public Batch sequence(long index) {
        RandomStream random = RandomStream.named(seed, "tokens/" + index);
        long[] ids = new long[length + 1];
        for (int t = 0; t <= length; t++) {
            ids[t] = random.nextInt(vocabulary);
        }
        return new Batch(1, length, Arrays.copyOf(ids, length), Arrays.copyOfRange(ids, 1, length + 1));
    }

    @Override
    public String fingerprint() {
        return toString();
    }
}
