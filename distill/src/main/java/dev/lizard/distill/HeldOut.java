package dev.lizard.distill;

import dev.lizard.base.Activity;
import dev.lizard.mixer.Form;
import dev.lizard.model.LanguageModel;
import dev.lizard.model.TokenLikelihoods;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Batch;
import java.util.ArrayList;
import java.util.List;

/**
 * The same held-out sequences each time: mean NLL, whole and by position.
 *
 * @param source the sequences
 * @param sequences how many, from the first on
 * @param batch B, how many at a time
 */
record HeldOut(SequenceSource source, int sequences, int batch) {
    private static final int FIRST_EDGE = 128;

    /** NLL of the model as it is now. */
    Measurement measure(LanguageModel subject, String stage, long step, String model) {
        try (Activity _ = Activity.begin("measuring the " + model + " on held-out text")) {
            return measured(subject, stage, step, model);
        }
    }

    private Measurement measured(LanguageModel subject, String stage, long step, String model) {
        int length = source.length();
        double[] sums = new double[length];
        long[] counts = new long[length];
        for (int first = 0; first < sequences; first += batch) {
            Batch part = source.batch(first, Math.min(batch, sequences - first));
            float[] nll = perToken(subject, part);
            for (int i = 0; i < nll.length; i++) {
                if (part.targets()[i] != Batch.IGNORE_INDEX) {
                    sums[i % length] += nll[i];
                    counts[i % length]++;
                }
            }
        }
        List<Measurement.Position> positions = new ArrayList<>();
        for (int from = 0; from < length; ) {
            int to = Math.min(length, from == 0 ? FIRST_EDGE : from == FIRST_EDGE ? 4 * from : 2 * from);
            positions.add(position(sums, counts, from, to));
            from = to;
        }
        Measurement.Position whole = position(sums, counts, 0, length);
        return new Measurement(stage, step, model, whole.nll(), positions);
    }

    private static float[] perToken(LanguageModel subject, Batch batch) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor hidden = subject.hidden(Ids.inputs(batch, subject.device()), Form.CHUNK); // [B, T, D]
            return TokenLikelihoods.nll(subject, hidden, Ids.targets(batch, subject.device()))
                    .floats();
        }
    }

    private static Measurement.Position position(double[] sums, long[] counts, int from, int to) {
        double sum = 0;
        long count = 0;
        for (int i = from; i < to; i++) {
            sum += sums[i];
            count += counts[i];
        }
        return new Measurement.Position(from, to, count, sum / Math.max(1, count));
    }
}
