package dev.lizard.distill;

import dev.lizard.mixer.MixerInput;
import dev.lizard.model.Decoder;
import dev.lizard.model.MixerObserver;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Batch;
import java.util.Map;

/** Finds where numbers stop being finite, for the message of a run that diverged. */
final class NonFinite {
    private NonFinite() {}

    /** The first layer of the forward pass with a NaN or infinity, else the first parameter whose gradient has one. */
    static String first(Decoder decoder, Batch batch, ParameterBuffer parameters) {
        String[] found = {""};
        MixerObserver observer = new MixerObserver() {
            @Override
            public void observe(int layer, MixerInput in, Tensor heads) {
                if (found[0].isEmpty() && !heads.allFinite()) {
                    found[0] = "layer %d (mixer)".formatted(layer);
                }
            }

            @Override
            public void hidden(int depth, Tensor hidden) {
                if (found[0].isEmpty() && !hidden.allFinite()) {
                    found[0] = depth == 0 ? "the embedding" : "layer %d".formatted(depth - 1);
                }
            }
        };
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Ids.of(batch, decoder.device()).pass(decoder, observer);
        }
        return found[0].isEmpty() ? firstGradient(parameters) : found[0];
    }

    /** The first parameter, in the order of the buffer, that is not finite or whose gradient is not. */
    static String firstGradient(ParameterBuffer parameters) {
        try (Scope work = Scope.open()) {
            for (Map.Entry<String, Tensor> parameter : parameters.parameters().entrySet()) {
                Tensor gradient = parameter.getValue().grad();
                if (!parameter.getValue().allFinite()) {
                    return parameter.getKey();
                }
                if (gradient != null && !gradient.allFinite()) {
                    return "the gradient of " + parameter.getKey();
                }
            }
        }
        return "the loss itself";
    }
}
