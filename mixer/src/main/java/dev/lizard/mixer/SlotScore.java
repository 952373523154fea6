package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What a token will be worth to later ones, one number a key/value head, fixed when it is read: with u the layer's input
 * and the token's keys and values of all heads, before RoPE,
 *
 * <pre>
 *   u = [x | k | v] / rms([x | k | v])        r = W₂ silu(W₁ u + b₁) + b₂
 * </pre>
 *
 * <p>Tokens compete with r rounded to a 64th of a nat. Equal tokens have equal scores in a layer that sees nothing but them,
 * and which of them is the later must not be decided by the last bit, which depends on what else is computed beside it.
 *
 * <p>It is fitted to the logarithm of the most attention that a later token pays (the loss {@code importance}); the choice of
 * slots has no gradient.
 *
 * @param inWeight W₁ [hidden, D + 2 G d]
 * @param inBias b₁ [hidden]
 * @param outWeight W₂ [G, hidden]
 * @param outBias b₂ [G]
 */
record SlotScore(Tensor inWeight, Tensor inBias, Tensor outWeight, Tensor outBias) {
    static final String IN_WEIGHT = "score_in_weight";
    static final String IN_BIAS = "score_in_bias";
    static final String OUT_WEIGHT = "score_out_weight";
    static final String OUT_BIAS = "score_out_bias";

    /** The parameters' group in recipes. */
    static final String GROUP = "score";

    private static final double EPSILON = 1e-6;

    /** Scores a nat. */
    static final int GRID = 64;

    /** Near the logarithm of what most tokens are worth. */
    private static final float INITIAL_BIAS = -5;

    private static long inputs(HeadDims dims) {
        return dims.width() + 2L * dims.keyHeads() * dims.headWidth();
    }

    /** Operations a token. */
    static double flops(HeadDims dims, int hidden) {
        return 2.0 * hidden * (inputs(dims) + dims.keyHeads());
    }

    static void shapes(HeadDims dims, int hidden, Map<String, long[]> shapes) {
        shapes.put(IN_WEIGHT, new long[] {hidden, inputs(dims)});
        shapes.put(IN_BIAS, new long[] {hidden});
        shapes.put(OUT_WEIGHT, new long[] {dims.keyHeads(), hidden});
        shapes.put(OUT_BIAS, new long[] {dims.keyHeads()});
    }

    static List<MixerSpec.Parameter> initial(HeadDims dims, int hidden, RandomStream random) {
        int inputs = Math.toIntExact(inputs(dims));
        int heads = dims.keyHeads();
        float[] bias = new float[heads];
        Arrays.fill(bias, INITIAL_BIAS);
        return List.of(
                new MixerSpec.Parameter(IN_WEIGHT, normal(random, hidden, inputs), GROUP),
                new MixerSpec.Parameter(IN_BIAS, Tensors.of(new float[hidden], hidden), GROUP),
                new MixerSpec.Parameter(OUT_WEIGHT, normal(random, heads, hidden), GROUP),
                new MixerSpec.Parameter(OUT_BIAS, Tensors.of(bias, heads), GROUP));
    }

    private static Tensor normal(RandomStream random, int out, int in) {
        return Tensors.of(random.normal(Math.multiplyExact(out, in), 1 / Math.sqrt(in)), out, in);
    }

    static SlotScore of(Map<String, Tensor> parameters, DType dtype) {
        return new SlotScore(
                MixerSpec.need(parameters, IN_WEIGHT).to(dtype),
                MixerSpec.need(parameters, IN_BIAS).to(dtype),
                MixerSpec.need(parameters, OUT_WEIGHT).to(dtype),
                MixerSpec.need(parameters, OUT_BIAS).to(dtype));
    }

    /** Scores [B, G, T]. */
    Tensor of(MixerInput in) {
        try (Scope scope = Scope.open()) {
            Tensor u = Tensors.cat(-1, in.x(), beside(in.k()), beside(in.judged())); // [B, T, D + 2 G d]
            Tensor scaled = u.mul(u.square().mean(-1, true).add(EPSILON).pow(-0.5));
            Tensor r = scaled.linear(inWeight, inBias).silu().linear(outWeight, outBias); // [B, T, G]
            return scope.promote(r.transpose(1, 2));
        }
    }

    /** The same as tokens compete with them. */
    Tensor competing(MixerInput in) {
        try (Scope scope = Scope.open()) {
            if (in.tokens() == 1 && in.q().dtype() == DType.FLOAT32 && !in.q().isCuda()) {
                return scope.promote(onHost(in));
            }
            return scope.promote(of(in).mul(GRID).round().mul(1.0 / GRID));
        }
    }

    /** Of one token a row, in plain loops but for the first product: no operation is quicker over so little. */
    private Tensor onHost(MixerInput in) {
        int batch = (int) in.batch();
        int inputs = (int) inWeight.size(1);
        float[] u = new float[batch * inputs]; // [B, D + 2 G d]
        int from = 0;
        for (Tensor part : List.of(in.x(), in.k(), in.judged())) {
            float[] numbers = numbers(part);
            int each = numbers.length / batch;
            for (int row = 0; row < batch; row++) {
                System.arraycopy(numbers, row * each, u, row * inputs + from, each);
            }
            from += each;
        }
        for (int row = 0; row < batch; row++) {
            scale(u, row * inputs, inputs);
        }
        float[] hidden = numbers(Tensors.of(u, batch, inputs).linear(inWeight, inBias)); // [B, hidden]
        float[] out = numbers(outWeight);
        float[] bias = numbers(outBias);
        int width = hidden.length / batch;
        for (int i = 0; i < hidden.length; i++) {
            hidden[i] = (float) (hidden[i] / (1 + Math.exp(-hidden[i]))); // silu
        }
        float[] scores = new float[batch * bias.length];
        for (int i = 0; i < scores.length; i++) {
            int row = i / bias.length;
            int head = i % bias.length;
            float r = bias[head];
            for (int n = 0; n < width; n++) {
                r += out[head * width + n] * hidden[row * width + n];
            }
            scores[i] = (float) (Math.rint(r * GRID) / GRID);
        }
        return Tensors.of(scores, batch, bias.length, 1);
    }

    private static float[] numbers(Tensor x) {
        return x.contiguous().segment().toArray(ValueLayout.JAVA_FLOAT);
    }

    private static void scale(float[] u, int from, int count) {
        double square = 0;
        for (int i = from; i < from + count; i++) {
            square += (double) u[i] * u[i];
        }
        float factor = (float) (1 / Math.sqrt(square / count + EPSILON));
        for (int i = from; i < from + count; i++) {
            u[i] *= factor;
        }
    }

    /** [B, G, T, d] to [B, T, G d]. */
    private static Tensor beside(Tensor heads) {
        Tensor rows = heads.size(2) == 1 ? heads : heads.transpose(1, 2);
        return rows.reshape(heads.size(0), heads.size(2), heads.size(1) * heads.size(3));
    }

    SlotScore kept(Scope owner) {
        return new SlotScore(
                owner.adopt(inWeight.copy()),
                owner.adopt(inBias.copy()),
                owner.adopt(outWeight.copy()),
                owner.adopt(outBias.copy()));
    }
}
