package dev.lizard.eval.recall;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.function.UnaryOperator;

/**
 * The matrix memory that linear attentions share, with a feature map φ and a decay γ, as one sum:
 *
 * <pre>
 *   M = Σ_j γ^(W − 1 − j) φ(k_j)ᵀ v_j      o = φ(q) M
 * </pre>
 *
 * <p>A normaliser would change the length of o alone.
 *
 * @param map φ, of [B, N, d]
 * @param decay γ, 1 for none
 */
record AdditiveMemory(String name, UnaryOperator<Tensor> map, double decay) implements MemoryRule {
    AdditiveMemory(String name, UnaryOperator<Tensor> map) {
        this(name, map, 1);
    }

    @Override
    public Tensor read(Tensor keys, Tensor values, Tensor queries) {
        long writes = keys.size(1);
        Tensor age =
                Tensors.arange(0, writes, keys.device()).sub(writes - 1).neg().to(keys.dtype());
        Tensor weights = age.mul(Math.log(decay)).exp().view(1, writes, 1);
        Tensor memory = map.apply(keys).transpose(1, 2).matmul(values.mul(weights)); // [B, f, d]
        return map.apply(queries).matmul(memory);
    }

    /** Keys of length 1. */
    static Tensor unit(Tensor x) {
        return x.div(length(x));
    }

    static Tensor elu(Tensor x) {
        return x.clampMin(0).add(x.clampMax(0).exp());
    }

    /** Of Hedgehog: [softmax(s x), softmax(−s x)]. */
    static UnaryOperator<Tensor> softmaxPair(double scale) {
        return x -> Tensors.cat(-1, x.mul(scale).softmax(-1), x.mul(-scale).softmax(-1));
    }

    /**
     * Of Based: 1 + s + s²/2 as a product of features, with s = x·y / √r of vectors that a fixed random projection takes to
     * r numbers and that then have length √r.
     */
    static UnaryOperator<Tensor> taylor(int r, RandomStream random) {
        float[] numbers = random.normal(MemoryProbe.WIDTH * r, 1);
        return x -> {
            Tensor projection = Tensors.of(numbers, MemoryProbe.WIDTH, r).to(x.device());
            Tensor small = unit(x.matmul(projection)).mul(Math.pow(r, 0.25)); // x / r^(1/4), of length √r before
            Tensor pairs = small.unsqueeze(-1).mul(small.unsqueeze(-2)).reshape(x.size(0), x.size(1), (long) r * r);
            return Tensors.cat(-1, small, pairs.mul(Math.sqrt(0.5))).pad(1, 0, 1); // [B, N, 1 + r + r²]
        };
    }

    private static Tensor length(Tensor x) {
        return x.square().sum(-1, true).sqrt();
    }
}
