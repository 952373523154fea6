package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.GateLogits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Log-gates in float32 of an x of fewer bits, kept above a floor:
 *
 * <pre>
 *   z = x Wᵀ + b        log γ = max(log σ(z), floor)        dz = (1 − γ) d log γ   above the floor
 * </pre>
 *
 * <p>Inputs x [B, T, D], W [H, D] float32 and perhaps b [H]; output log γ [B, H, T] float32, contiguous. No wide copy of x
 * is kept for the way back, which would be the largest thing a layer keeps; kernels make none at all.
 */
final class LogGates implements Tape.Operation {
    private final boolean through;
    private final double floor;
    private @Nullable Tensor gates;
    private @Nullable Tensor logits;

    /** @param through whether x has a gradient */
    private LogGates(boolean through, double floor) {
        this.through = through;
        this.floor = floor;
    }

    /** Biases b with σ(b)^halfLife = 1/2, the half-lives evenly spread in the logarithm. */
    static Tensor biases(int heads, double shortest, double longest) {
        float[] bias = new float[heads];
        for (int h = 0; h < heads; h++) {
            double place = heads == 1 ? 0.5 : (double) h / (heads - 1);
            double halfLife = shortest * Math.pow(longest / shortest, place);
            double gate = Math.pow(0.5, 1 / halfLife);
            bias[h] = (float) Math.log(gate / (1 - gate));
        }
        return Tensors.of(bias, heads);
    }

    /** log γ [B, H, T]. */
    static Tensor of(Tensor x, Tensor weight, @Nullable Tensor bias, Tape tape) {
        LogGates gates = new LogGates(x.requiresGrad(), MatrixMemory.floor(DType.FLOAT32));
        return tape.apply(gates, bias == null ? List.of(x, weight) : List.of(x, weight, bias))
                .getFirst();
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
        Tensor x = inputs.get(0);
        Tensor weight = inputs.get(1);
        Tensor bias = inputs.size() > 2 ? inputs.get(2) : null;
        Tensor g; // [B, H, T]
        if (GateLogits.serve(x, weight)) {
            g = GateLogits.logGates(GateLogits.forward(x, weight), bias, floor);
        } else {
            Tensor z = x.to(DType.FLOAT32).linear(weight, bias); // [B, T, H]
            logits = kept.adopt(z);
            g = z.logSigmoid().transpose(1, 2).clampMin(floor).contiguous();
        }
        gates = kept.adopt(g.detach());
        return List.of(g);
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
        Tensor dg = gradients.getFirst();
        if (dg == null || gates == null) {
            throw new IllegalStateException("no gradient arrived at the gates");
        }
        Tensor x = inputs.get(0);
        Tensor weight = inputs.get(1);
        List<@Nullable Tensor> result = new ArrayList<>();
        if (logits == null) {
            Tensor dz = GateLogits.slopes(dg.contiguous(), gates, floor); // [B, T, H]
            GateLogits.Slopes slopes = GateLogits.weights(dz, x, weight);
            result.add(through ? GateLogits.inputs(dz, weight) : null);
            result.add(slopes.weight());
            result.add(slopes.bias());
        } else {
            long count = x.size(0) * x.size(1);
            Tensor none = Tensors.zeros(DType.FLOAT32, x.device());
            Tensor dz = Tensors.where(gates.eq(floor), none, dg)
                    .transpose(1, 2)
                    .mul(logits.neg().sigmoid()) // 1 − γ
                    .reshape(count, weight.size(0)); // [B T, H]
            result.add(through ? dz.to(x.dtype()).matmul(weight.to(x.dtype())).view(x.shape()) : null);
            result.add(dz.transpose(0, 1).matmul(x.to(DType.FLOAT32).reshape(count, x.size(2))));
            result.add(dz.sum(0, false));
        }
        return result.subList(0, inputs.size());
    }
}
