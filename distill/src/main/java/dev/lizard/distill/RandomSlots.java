package dev.lizard.distill;

import dev.lizard.mixer.MixerSpec;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Batch;
import java.util.List;

/**
 * Training with another number of slots at each step, so that it matters which tokens hold them in sequences that would
 * fit as a whole. The number is drawn evenly in the logarithm, from seed, stage and step alone, so a run resumes exactly. It
 * is that of layers with the most; others have as large a share of theirs.
 *
 * @param range least and most
 */
record RandomSlots(Objective inner, Student student, List<Integer> range, long seed, String stage)
        implements Objective {
    @Override
    public ParameterBuffer parameters() {
        return inner.parameters();
    }

    @Override
    public void begin(long done) {
        int slots = drawn(done);
        int most = student.specs().stream().mapToInt(MixerSpec::slots).max().orElse(0);
        student.slots(spec -> spec.withSlots((int) Math.max(1, Math.round((double) slots * spec.slots() / most))));
        inner.begin(done);
    }

    /** Slots of the step after {@code done} others. */
    int drawn(long done) {
        double least = Math.log(range.get(0));
        double most = Math.log(range.get(1) + 1.0);
        double place = RandomStream.named(seed, "slots/" + stage + "/" + done).nextDouble();
        return Math.min(range.get(1), (int) Math.exp(least + place * (most - least)));
    }

    @Override
    public Tensor accumulate(Ids ids, double share) {
        return inner.accumulate(ids, share);
    }

    @Override
    public void keep(long tokens, Scope owner) {
        inner.keep(tokens, owner);
    }

    @Override
    public String diagnose(Batch batch) {
        return inner.diagnose(batch);
    }
}
