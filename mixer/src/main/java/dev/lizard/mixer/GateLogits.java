package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * z = x Wᵀ in float32 for an x of fewer bits: inputs x [B, T, D] and W [H, D] float32, output z [B, T, H] float32. The
 * wide copy of x is made once more on the way back instead of kept, which is the largest thing a layer would keep.
 *
 * @param through whether x has a gradient
 */
record GateLogits(boolean through) implements Tape.Operation {
    @Override
    public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
        return List.of(inputs.get(0).to(DType.FLOAT32).linear(inputs.get(1), null));
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
        Tensor dz = gradients.getFirst();
        if (dz == null) {
            throw new IllegalStateException("no gradient arrived at the gates");
        }
        Tensor x = inputs.get(0);
        Tensor weight = inputs.get(1);
        long rows = x.size(0) * x.size(1);
        Tensor flat = dz.reshape(rows, dz.size(2)); // [B T, H]
        List<@Nullable Tensor> result = new ArrayList<>();
        result.add(through ? flat.to(x.dtype()).matmul(weight.to(x.dtype())).view(x.shape()) : null);
        result.add(flat.transpose(0, 1).matmul(x.to(DType.FLOAT32).reshape(rows, x.size(2))));
        return result;
    }
}
