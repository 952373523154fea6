package dev.lizard.eval.run;

import dev.lizard.eval.run.PairEncoder.Pair;
import dev.lizard.eval.task.Answer.Likelihood;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;

/** A candidate alone, in one call, in plain loops over its logits. */
final class Naive {
    private Naive() {}

    static Likelihood likelihood(Decoder decoder, Pair pair) {
        int read = pair.ids().length - 1;
        double sum = 0;
        int correct = 0;
        try (DecoderState state = decoder.newState(1);
                Gradients off = Gradients.off();
                Scope work = Scope.open()) {
            int[] ids = Arrays.copyOf(pair.ids(), read);
            float[] logits = decoder.logits(decoder.advance(Tensors.of(ids, 1, read), state))
                    .floats(); // [T, V]
            int width = decoder.vocabulary();
            for (int t = pair.from() - 1; t < read; t++) {
                float[] row = Arrays.copyOfRange(logits, t * width, (t + 1) * width);
                int target = pair.ids()[t + 1];
                sum += row[target] - logSum(row);
                correct += best(row) == target ? 1 : 0;
            }
        }
        return new Likelihood(sum, pair.ids().length - pair.from(), correct);
    }

    private static double logSum(float[] logits) {
        double top = logits[best(logits)];
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - top);
        }
        return top + Math.log(sum);
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }
}
