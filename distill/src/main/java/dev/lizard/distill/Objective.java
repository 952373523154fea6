package dev.lizard.distill;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Batch;

/** What one kind of training minimises, over parameters that lie in one buffer. */
public interface Objective {
    ParameterBuffer parameters();

    /**
     * Adds {@code share} times the gradient of the batch's mean loss to the buffer's gradients.
     *
     * @return the mean loss, a scalar of the innermost scope without a graph
     */
    default Tensor accumulate(Batch batch, double share) {
        Device device = parameters().values().device();
        try (Scope work = Scope.open()) {
            return work.promote(accumulate(Ids.of(batch, device), share));
        }
    }

    /** The same of ids on the device. */
    Tensor accumulate(Ids ids, double share);

    /** Called before the passes of the update after {@code done} others. */
    default void begin(long done) {}

    /** Whether a pass queues the same work for any ids and waits for nothing, so that it can be recorded. */
    default boolean recordable() {
        return false;
    }

    /** Lets {@code owner} keep what passes over {@code tokens} tokens read and others might drop; made if need be. */
    default void keep(long tokens, Scope owner) {}

    /** Where the first value that is not finite arises, such as {@code layer 3}; asked only after it was met. */
    String diagnose(Batch batch);
}
