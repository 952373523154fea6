package dev.lizard.eval.inside;

import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a mixer's parts give and what they weigh, wide enough to be summed. */
final class MixerParts {
    private MixerParts() {}

    /** The weight of each part: what it gives of values that are all 1, [B, H, T, d], the same along d. */
    static Map<String, Tensor> weights(Mixer mixer, MixerInput in) {
        return mixer.parts(in.withValues(in.v().mul(0).add(1)));
    }

    static Tensor sum(Map<String, Tensor> parts) {
        return parts.values().stream().map(MixerParts::wide).reduce(Tensor::add).orElseThrow();
    }

    static Tensor wide(@Nullable Tensor part) {
        if (part == null) {
            throw new IllegalStateException("a part that gives something but weighs nothing");
        }
        return part.dtype() == DType.BFLOAT16 ? part.to(DType.FLOAT32) : part;
    }
}
