package dev.lizard.distill;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.Positions;
import dev.lizard.model.Decoder;
import dev.lizard.model.MixerObserver;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A batch as tensors on a device.
 *
 * @param inputs int64 [B, T]
 * @param targets int64 [B, T], negative where none counts
 * @param documents where each token's document begins in its sequence, int32 [B, T]; null where none is kept apart
 */
public record Ids(Tensor inputs, Tensor targets, @Nullable Tensor documents) {
    /** Copying to a CUDA device waits for nothing. */
    static Ids of(Batch batch, Device device) {
        int[] documents = batch.documents();
        return new Ids(
                inputs(batch, device),
                targets(batch, device),
                documents.length == 0
                        ? null
                        : Tensors.of(documents, batch.batch(), batch.length())
                                .to(DType.INT32)
                                .upload(device));
    }

    /** int64 [B, T]. */
    static Tensor inputs(Batch batch, Device device) {
        return Tensors.of(batch.inputs(), batch.batch(), batch.length()).upload(device);
    }

    /** int64 [B, T]. */
    static Tensor targets(Batch batch, Device device) {
        return Tensors.of(batch.targets(), batch.batch(), batch.length()).upload(device);
    }

    /** Shows the layers of a decoder's pass over them. */
    void pass(Decoder decoder, MixerObserver observer) {
        try (Positions at = decoder.positions(documents)) {
            decoder.hidden(inputs, at, Form.CHUNK, observer);
        }
    }

    /** Lives as long as {@code owner} from now on. */
    Ids adopted(Scope owner) {
        return new Ids(owner.adopt(inputs), owner.adopt(targets), documents == null ? null : owner.adopt(documents));
    }

    Ids copy() {
        return new Ids(inputs.copy(), targets.copy(), documents == null ? null : documents.copy());
    }

    /** The first tokens of the first sequence. */
    Ids beginning(long tokens) {
        long some = Math.min(inputs.size(1), tokens);
        return new Ids(part(inputs, some), part(targets, some), documents == null ? null : part(documents, some));
    }

    private static Tensor part(Tensor of, long tokens) {
        return of.narrow(0, 0, 1).narrow(1, 0, tokens);
    }

    boolean hasShapeOf(Ids other) {
        return Arrays.equals(inputs.shape(), other.inputs.shape()) && (documents == null) == (other.documents == null);
    }

    /** Takes the values of others of this shape. */
    void set(Ids other) {
        inputs.copy_(other.inputs);
        targets.copy_(other.targets);
        if (documents != null && other.documents != null) {
            documents.copy_(other.documents);
        }
    }
}
