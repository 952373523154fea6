package dev.lizard.distill;

import dev.lizard.tensor.RandomStream;
import dev.lizard.text.Batch;

/** Sequences in which each id is the one before plus a step of the sequence's own: easy to learn in part. */
record Numbers(int length, int vocabulary, long seed) implements SequenceSource {
    @Override
    public Batch sequence(long index) {
        RandomStream random = RandomStream.named(seed, "numbers/" + index);
        long[] ids = new long[length + 1];
        ids[0] = random.nextInt(vocabulary);
        int stride = 1 + random.nextInt(3);
        for (int t = 1; t <= length; t++) {
            ids[t] = (ids[t - 1] + stride) % vocabulary;
        }
        long[] inputs = java.util.Arrays.copyOf(ids, length);
        long[] targets = java.util.Arrays.copyOfRange(ids, 1, length + 1);
        return new Batch(1, length, inputs, targets);
    }

    @Override
    public String fingerprint() {
        return toString();
    }
}
