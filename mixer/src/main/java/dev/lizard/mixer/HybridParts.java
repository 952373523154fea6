package dev.lizard.mixer;

import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a {@link Hybrid} gives, as a sum over its parts. */
final class HybridParts {
    private static final String NEAR = "near";
    private static final String FIRST = "first";
    private static final String SLOTS = "slots";
    private static final String FAR = "far";

    private HybridParts() {}

    /**
     * {@code near}, {@code first} where there are first tokens (the window's do not count those), {@code slots} and
     * {@code far} where there are such: [B, H, T, d] each.
     */
    static Map<String, Tensor> of(Hybrid mixer, MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            HybridWeights weights = mixer.weights(in.q().dtype());
            ExactSlots.Read read = mixer.readOfAll(in, weights);
            PartialAttention near = read.near();
            PartialAttention slots = read.slots();
            PartialAttention far = mixer.farOfAll(in, read, weights);
            PartialAttention silent = far == null ? null : far.silent();
            Map<String, Tensor> parts = new LinkedHashMap<>();
            long kept = mixer.plan().near().first();
            if (kept > 0) {
                Tensor early = Tensors.arange(0, in.tokens(), in.v().device()).lt((double) kept);
                Tensor values = in.v().mul(early.to(in.v().dtype()).view(1, 1, in.tokens(), 1));
                PartialAttention first =
                        mixer.readOfAll(in.withValues(values), weights).near();
                near = near.without(first);
                parts.put(FIRST, mixer.join(silent, first, weights));
            }
            if (slots != null) {
                near = near.without(slots);
                parts.put(SLOTS, mixer.join(silent, slots, weights));
            }
            parts.put(NEAR, mixer.join(silent, near, weights));
            if (far != null) {
                parts.put(FAR, mixer.join(far, near.silent(), weights));
            }
            parts.replaceAll((name, part) -> scope.promote(original.narrowed(part)));
            return parts;
        }
    }
}
