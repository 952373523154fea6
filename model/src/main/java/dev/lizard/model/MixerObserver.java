package dev.lizard.model;

import dev.lizard.mixer.MixerInput;
import dev.lizard.tensor.Tensor;

/**
 * Sees what passes through each layer of a {@link Decoder} during a full pass. The tensors live until the method
 * returns; what must live longer is a {@code detach()} (the same memory) or a copy, promoted. An observer may switch
 * gradients on inside and run another mixer on the same input.
 */
@FunctionalInterface
public interface MixerObserver {
    /**
     * Called after the mixer of each layer.
     *
     * @param layer 0 to layers − 1
     * @param in what the mixer was given
     * @param heads what it gave, [B, H, T, d], before the output projection
     */
    void observe(int layer, MixerInput in, Tensor heads);

    /**
     * Called with the residual stream: after the embedding ({@code depth} 0), then after each block (1 to layers),
     * before the last norm.
     *
     * @param hidden [B, T, D]
     */
    default void hidden(int depth, Tensor hidden) {}
}
