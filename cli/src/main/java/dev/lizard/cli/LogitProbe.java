package dev.lizard.cli;

import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/** Whether two models compute the same: their logits after each token of a text without meaning. */
final class LogitProbe {
    private static final int LENGTH = 64;

    private LogitProbe() {}

    /** Logits [T, V]. */
    static float[] of(Decoder decoder) {
        int vocabulary = decoder.config().vocabSize();
        int[] ids = new int[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            ids[i] = (int) ((i * 7_919L + 31) % vocabulary);
        }
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor input = Tensors.of(ids, 1, LENGTH).to(decoder.device()); // [1, T]
            return decoder.logits(decoder.hidden(input, Form.CHUNK)).floats(); // [1, T, V]
        }
    }

    /** The largest difference, as a part of the largest logit; NaN passes through. */
    static double difference(float[] before, float[] after) {
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < before.length; i++) {
            largest = Math.max(largest, Math.abs(before[i]));
            difference = Math.max(difference, Math.abs(before[i] - after[i]));
        }
        return difference / largest;
    }
}
