package dev.lizard.distill;

import dev.lizard.tensor.ParameterBuffer;
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
    Tensor accumulate(Batch batch, double share);

    /** Where the first value that is not finite arises, such as {@code layer 3}; asked only after it was met. */
    String diagnose(Batch batch);
}
