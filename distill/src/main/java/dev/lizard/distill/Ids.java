package dev.lizard.distill;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;

/** Batches as tensors; copying them to a CUDA device waits for nothing. */
final class Ids {
    private Ids() {}

    /** int64 [B, T]. */
    static Tensor inputs(Batch batch, Device device) {
        return Tensors.of(batch.inputs(), batch.batch(), batch.length()).upload(device);
    }

    /** int64 [B, T]. */
    static Tensor targets(Batch batch, Device device) {
        return Tensors.of(batch.targets(), batch.batch(), batch.length()).upload(device);
    }
}
