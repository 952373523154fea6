package dev.lizard.distill;

import dev.lizard.tensor.RandomStream;
import dev.lizard.text.Batch;
import dev.lizard.text.synthetic.RecallSample;
import dev.lizard.text.synthetic.SyntheticMix;

/**
 * Stories and recall tasks made by rule, in the ids of a byte tokenizer.
 *
 * @param mix what is drawn
 * @param length T, the tokens of a sequence
 * @param seed of all of it
 * @param answersOnly whether, in recall tasks, only the answers count in the loss
 */
public record SyntheticSource(SyntheticMix mix, int length, long seed, boolean answersOnly) implements SequenceSource {
    /** Other texts of the same kind. */
    SyntheticSource withSeed(long other) {
        return new SyntheticSource(mix, length, other, answersOnly);
    }

    @Override
    public Batch sequence(long index) {
        RecallSample sample = mix.next(length + 1, RandomStream.named(seed, "synthetic/" + index));
        int[] ids = sample.ids();
        boolean[] answers = sample.answerMask();
        boolean masked = answersOnly && !sample.answers().isEmpty();
        long[] inputs = new long[length];
        long[] targets = new long[length];
        for (int t = 0; t < length; t++) {
            inputs[t] = ids[t];
            targets[t] = masked && !answers[t + 1] ? Batch.IGNORE_INDEX : ids[t + 1];
        }
        return new Batch(1, length, inputs, targets);
    }

    @Override
    public String fingerprint() {
        return toString();
    }
}
