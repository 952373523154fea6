package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.MemoryBackward;
import dev.lizard.tensor.kernel.MemoryForward;
import dev.lizard.tensor.kernel.MemoryInputs;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@link MatrixMemory} over whole sequences by CUDA kernels with gradients of their own, values with a column of ones.
 * It multiplies in bfloat16, so only models of that dtype are given to it.
 */
final class MatrixMemoryFunction implements Tape.Operation {
    private MatrixMemoryFunction() {}

    /** Whether kernels take over the memory of such an input, f features a head, with their gradients on {@code tape}. */
    static boolean serves(MixerInput in, int features, Tape tape) {
        Tensor q = in.q();
        return in.tokens() > 1
                && in.at().documents() == null // its kernels know of none
                && tape.carries()
                && MemoryInputs.serves(q.device(), q.dtype(), (int) in.v().size(3), features, false);
    }

    /**
     * Weighted sums of all tokens up to each query, from an empty memory.
     *
     * @param q features [B, H, T, f], as those of k in float32 and rounded here
     * @param k features [B, H, T, f]; a key of zeros counts for nothing
     * @param v values [B, G, T, d]
     * @param logGate float32, contiguous, or null; clamped
     */
    static PartialAttention weigh(Tensor q, Tensor k, Tensor v, @Nullable Tensor logGate, Tape tape) {
        List<Tensor> inputs =
                new ArrayList<>(List.of(q.to(DType.BFLOAT16), k.to(DType.BFLOAT16), v.to(DType.BFLOAT16)));
        if (logGate != null) {
            inputs.add(logGate);
        }
        List<Tensor> read = tape.apply(new MatrixMemoryFunction(), inputs);
        return new PartialAttention(read.get(0).to(DType.FLOAT32), read.get(1).unsqueeze(-1));
    }

    private static MemoryInputs inputs(List<Tensor> operands) {
        Tensor logGate = operands.size() > 3 ? operands.get(3) : null;
        return new MemoryInputs(operands.get(0), operands.get(1), operands.get(2), logGate, true, null);
    }

    @Override
    public List<Tensor> forward(List<Tensor> operands, Scope kept) {
        MemoryForward.Result result = MemoryForward.run(inputs(operands), false);
        Tensor mass = result.mass();
        if (mass == null) {
            throw new IllegalStateException("a counted memory without its normaliser");
        }
        return List.of(result.y(), mass);
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> operands, List<@Nullable Tensor> gradients) {
        Tensor q = operands.get(0);
        Tensor arrived = gradients.get(0);
        Tensor dy = arrived != null
                ? arrived
                : Tensors.zeros(
                        DType.BFLOAT16,
                        q.device(),
                        q.size(0),
                        q.size(1),
                        q.size(2),
                        operands.get(2).size(3));
        MemoryBackward.Slopes slopes =
                MemoryBackward.run(inputs(operands), new MemoryBackward.Given(dy, gradients.get(1), null));
        List<@Nullable Tensor> result = new ArrayList<>(List.of(slopes.q(), slopes.k(), slopes.v()));
        if (operands.size() > 3) {
            result.add(slopes.logGate());
        }
        return result;
    }
}
