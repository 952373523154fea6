package dev.lizard.eval.inside;

import dev.lizard.mixer.MixerSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Causal matrices T [T, T] that a recurrence with a state of N numbers a channel makes, S of them at once:
 *
 * <pre>
 *   ssd        T_ij = c_i·b_j exp(Σ_{j &lt; l ≤ i} log σ(a_l))      decays by a number that each token has
 *   linear     T_ij = c_i·b_j                                     never decays
 *   toeplitz   T_ij = Σ_n c_n σ(a_n)^(i − j)                      the same for all tokens
 * </pre>
 */
enum Structure {
    SSD,
    LINEAR,
    TOEPLITZ;

    private static final String READS = "c";
    private static final String WRITES = "b";
    private static final String DECAYS = "a";

    /** A logit of a decay that lasts: half is left after 38 tokens. */
    private static final double SLOW = 4;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What is fitted, at its beginning: the same reads and writes for the first two. */
    Map<String, Tensor> initial(int matrices, int tokens, int width, RandomStream random) {
        Map<String, Tensor> initial = new LinkedHashMap<>();
        if (this == TOEPLITZ) {
            initial.put(READS, Tensors.full(1.0 / (tokens * width), DType.FLOAT32, Device.CPU, matrices, width));
            float[] logits = new float[matrices * width];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (float) (SLOW * (2.0 * (i % width + 1) / (width + 1) - 1));
            }
            initial.put(DECAYS, Tensors.of(logits, matrices, width));
            return initial;
        }
        double spread = Math.pow((double) tokens * tokens * width, -0.25); // then c·b is about 1 / T
        initial.put(READS, normal(random, spread, matrices, tokens, width));
        initial.put(WRITES, normal(random, spread, matrices, tokens, width));
        if (this == SSD) {
            initial.put(DECAYS, Tensors.full(SLOW, DType.FLOAT32, Device.CPU, matrices, tokens));
        }
        return initial;
    }

    private static Tensor normal(RandomStream random, double spread, long... shape) {
        long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        return Tensors.of(random.normal(Math.toIntExact(count), spread), shape);
    }

    /** [S, T, T] of such parameters. */
    Tensor matrices(Map<String, Tensor> parameters, int tokens) {
        Tensor reads = MixerSpec.need(parameters, READS);
        Tensor place = Tensors.arange(0, tokens, reads.device());
        Tensor later = place.unsqueeze(-1).lt(place.unsqueeze(0)); // [T, T]
        if (this == TOEPLITZ) {
            Tensor logs = MixerSpec.need(parameters, DECAYS).logSigmoid(); // [S, N]
            Tensor age = place.to(DType.FLOAT32).view(1, tokens, 1);
            Tensor kernel = logs.unsqueeze(1).mul(age).exp().matmul(reads.unsqueeze(-1)); // [S, T, 1]
            Tensor lag = place.unsqueeze(-1)
                    .sub(place.unsqueeze(0))
                    .remainder(tokens)
                    .reshape((long) tokens * tokens);
            return kernel.squeeze(2)
                    .indexSelect(1, lag)
                    .view(-1, tokens, tokens)
                    .maskedFill(later, 0);
        }
        Tensor products = reads.matmul(MixerSpec.need(parameters, WRITES).transpose(1, 2)); // [S, T, T]
        if (this == LINEAR) {
            return products.maskedFill(later, 0);
        }
        Tensor sum = MixerSpec.need(parameters, DECAYS).logSigmoid().cumsum(1); // [S, T]
        Tensor decay = sum.unsqueeze(-1)
                .sub(sum.unsqueeze(-2))
                .maskedFill(later, Double.NEGATIVE_INFINITY)
                .exp();
        return products.mul(decay);
    }
}
