package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.HeadLogits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * z = x Wᵀ in float32 for an x of fewer bits: inputs x [B, T, D] and W [H, D] float32, output z [B, T, H] float32. No wide
 * copy of x is kept for the way back, which would be the largest thing a layer keeps; kernels make none at all.
 *
 * @param through whether x has a gradient
 */
record GateLogits(boolean through) implements Tape.Operation {
    @Override
    public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
        Tensor x = inputs.get(0);
        Tensor weight = inputs.get(1);
        return List.of(
                HeadLogits.serve(x, weight)
                        ? HeadLogits.forward(x, weight)
                        : x.to(DType.FLOAT32).linear(weight, null));
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
        Tensor dz = gradients.getFirst();
        if (dz == null) {
            throw new IllegalStateException("no gradient arrived at the gates");
        }
        Tensor x = inputs.get(0);
        Tensor weight = inputs.get(1);
        List<@Nullable Tensor> result = new ArrayList<>();
        if (HeadLogits.serve(x, weight)) {
            Tensor rows = dz.contiguous();
            result.add(through ? HeadLogits.inputs(rows, weight) : null);
            result.add(HeadLogits.weights(rows, x, weight));
            return result;
        }
        long count = x.size(0) * x.size(1);
        Tensor rows = dz.reshape(count, dz.size(2)); // [B T, H]
        result.add(through ? rows.to(x.dtype()).matmul(weight.to(x.dtype())).view(x.shape()) : null);
        result.add(rows.transpose(0, 1).matmul(x.to(DType.FLOAT32).reshape(count, x.size(2))));
        return result;
    }
}
