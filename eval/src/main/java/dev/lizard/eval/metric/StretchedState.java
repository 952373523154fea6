package dev.lizard.eval.metric;

import dev.lizard.mixer.MixerState;
import dev.lizard.model.DecoderState;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.List;

/** A state of the size of a long text, without that text having been read. */
final class StretchedState {
    private static final String CACHE = "cache.";

    private StretchedState() {}

    /** Makes a state that has read {@code piece} tokens as long as if it had read {@code context}. */
    static void stretch(DecoderState state, int layers, long piece, long context) {
        for (int i = 0; i < layers; i++) {
            MixerState layer = state.layer(i);
            for (String name : List.copyOf(layer.tensors().keySet())) {
                if (name.startsWith(CACHE)) {
                    layer.put(name, repeated(layer.get(name).narrow(2, 0, piece), context));
                }
            }
        }
        state.stands(0, context);
    }

    /** [1, G, piece, d] to [1, G, context, d]. */
    private static Tensor repeated(Tensor cache, long context) {
        try (Scope work = Scope.open()) {
            Tensor larger =
                    Tensors.empty(cache.dtype(), cache.device(), cache.size(0), cache.size(1), context, cache.size(3));
            for (long at = 0; at < context; at += cache.size(2)) {
                long length = Math.min(cache.size(2), context - at);
                larger.narrow(2, at, length).copy_(cache.narrow(2, 0, length));
            }
            return work.promote(larger);
        }
    }
}
