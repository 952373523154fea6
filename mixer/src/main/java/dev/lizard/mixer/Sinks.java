package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Meta memory of the window (Lizard, section 3.1): m learned logits a head that take part in the normaliser only. They
 * act through their log-sum-exp, so kernels see one logit.
 */
final class Sinks {
    static final String NAME = "sink";

    /** Where they start: e⁻⁸ of the weight of one key with score 0. */
    private static final double NEGLIGIBLE = -8;

    private Sinks() {}

    /** [rows, m], slightly unequal: m equal logits would stay equal for ever and act as one. */
    static Tensor initial(int rows, int meta, RandomStream random) {
        float[] values = random.normal(rows * meta, 0.1);
        for (int i = 0; i < values.length; i++) {
            values[i] += (float) NEGLIGIBLE;
        }
        return Tensors.of(values, rows, meta);
    }

    /** One logit a head [H] of a mixer's parameters, or null where it has no sinks. */
    static @Nullable Tensor of(Map<String, Tensor> parameters, HeadDims dims, DType dtype) {
        Tensor sinks = parameters.get(NAME);
        return sinks == null ? null : folded(sinks.to(dtype), dims.heads());
    }

    /**
     * One logit a head [H] from [H, m], or from [1, m] for all heads: z₁ − (z₁ − log Σ exp zᵢ), which takes far fewer
     * kernels than a log-sum-exp.
     */
    static Tensor folded(Tensor sinks, int heads) {
        Tensor folded = sinks.narrow(-1, 0, 1).sub(sinks.logSoftmax(-1).narrow(-1, 0, 1));
        return folded.squeeze(-1).expand(heads);
    }
}
