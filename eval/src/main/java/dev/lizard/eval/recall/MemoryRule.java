package dev.lizard.eval.recall;

import dev.lizard.tensor.Tensor;

/** A way to remember values by keys, before anything is trained. */
interface MemoryRule {
    String name();

    /**
     * What is read after all was written.
     *
     * @param keys [B, W, d], written one after the other
     * @param values [B, W, d]
     * @param queries [B, N, d], each a key
     * @return [B, N, d]; its length does not matter
     */
    Tensor read(Tensor keys, Tensor values, Tensor queries);
}
