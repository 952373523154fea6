package dev.lizard.distill;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.util.List;

/** The smallest language model, a table of scores for each pair of ids, to try the training loop with. */
final class Bigrams implements Objective, AutoCloseable {
    static final int VOCABULARY = 16;

    private final ParameterBuffer parameters;
    /** The step from which on the loss is not a number; never if negative. */
    private final long poisonedFrom;

    private long passes;

    Bigrams(long poisonedFrom) {
        this.poisonedFrom = poisonedFrom;
        try (Scope work = Scope.open()) {
            float[] values = RandomStream.named(1, "bigrams").normal(VOCABULARY * VOCABULARY, 0.1);
            Tensor table = Tensors.of(values, VOCABULARY, VOCABULARY);
            Tensor offset = Tensors.zeros(DType.FLOAT32, Device.CPU, VOCABULARY);
            parameters = new ParameterBuffer(
                    List.of(
                            new ParameterBuffer.Entry("table", table, "all"),
                            new ParameterBuffer.Entry("offset", offset, "fast")),
                    List.of(new ParameterBuffer.Group("all", 1, 0.01), new ParameterBuffer.Group("fast", 5, 0)),
                    Device.CPU);
        }
    }

    @Override
    public ParameterBuffer parameters() {
        return parameters;
    }

    @Override
    public Tensor accumulate(Ids ids, double share) {
        try (Scope work = Scope.open()) {
            Tensor inputs = ids.inputs();
            Tensor targets = ids.targets();
            Tensor table = parameters.parameters().get("table");
            Tensor logits = table.embedding(inputs.view(inputs.count()))
                    .add(parameters.parameters().get("offset")); // [N, V]
            Tensor loss = logits.crossEntropy(targets.view(targets.count()));
            if (passes++ == poisonedFrom) {
                loss = loss.mul(Double.NaN);
            }
            loss.mul(share).backward();
            return work.promote(loss.detach());
        }
    }

    /** Passes so far. */
    long passes() {
        return passes;
    }

    @Override
    public String diagnose(Batch batch) {
        return "the table";
    }

    @Override
    public void close() {
        parameters.close();
    }
}
