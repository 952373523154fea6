package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/**
 * The learned feature map of Hedgehog (Zhang et al. 2024, arXiv 2402.04347), a map of its own for each head, in its
 * softmax form unless an {@link Activation} says otherwise:
 *
 * <pre>
 *   φ(x) = [ softmax(x W) , softmax(−x W) ]        W [H, d, f/2]
 * </pre>
 *
 * <p>With W the identity, large entries of x stand out in the first half and very negative ones in the second, so
 * φ(q)·φ(k) grows with q·k: spiky and monotone like softmax itself.
 *
 * <p>Features are kept above 1e-12, as in LoLCATs: where large activations make both maps one-hot at different places
 * φ(q)·φ(k) would underflow to 0, and a branch divided by its own mass would be 0/0.
 */
final class Hedgehog {
    private static final double SMALLEST = 1e-12;

    /** What makes y = x W positive: the first three are in circulation, the others what they are measured against. */
    enum Activation {
        /** [softmax(y), softmax(−y)], as above. */
        SOFTMAX,
        /** softmax([2y, −2y]), of both halves together. */
        JOINT,
        /** [exp(y − max y), exp(−y + min y)]. */
        EXP,
        /** [relu(y), relu(−y)], of T2R (Kasai et al. 2021, arXiv 2103.13076) in a pair and without its bias. */
        RELU,
        /** [elu(y) + 1, elu(−y) + 1], of plain linear attention in a pair. */
        ELU;

        Tensor of(Tensor y) {
            return switch (this) {
                case SOFTMAX -> Tensors.cat(-1, y.softmax(-1), y.neg().softmax(-1));
                case JOINT -> Tensors.cat(-1, y.mul(2), y.mul(-2)).softmax(-1);
                case EXP -> Tensors.cat(-1, shifted(y), shifted(y.neg()));
                case RELU -> Tensors.cat(-1, y.clampMin(0), y.neg().clampMin(0));
                case ELU -> Tensors.cat(-1, elu(y), elu(y.neg()));
            };
        }

        private static Tensor elu(Tensor y) {
            return y.clampMin(0).add(y.clampMax(0).exp());
        }

        private static Tensor shifted(Tensor y) {
            return y.sub(y.amax(-1, true)).exp();
        }
    }

    private Hedgehog() {}

    /**
     * Features of x [B, H, T, d]: [B, H, T, f].
     *
     * @param map W [H, d, f/2]
     */
    static Tensor features(Tensor x, Tensor map) {
        return activated(x.matmul(map), Activation.SOFTMAX);
    }

    /** The same with another activation. */
    static Tensor features(Tensor x, Tensor map, Activation activation) {
        return activated(x.matmul(map), activation);
    }

    /**
     * Features for every head of x [B, G, T, d], which the R = H / G heads of a group share: [B, H, T, f].
     *
     * @param map W of each group's heads side by side, from {@link #grouped}
     */
    static Tensor sharedFeatures(Tensor x, Tensor map, int group) {
        return sharedFeatures(x, map, group, Activation.SOFTMAX);
    }

    /** The same with another activation. */
    static Tensor sharedFeatures(Tensor x, Tensor map, int group, Activation activation) {
        long half = map.size(2) / group;
        Tensor z = x.matmul(map) // [B, G, T, R f/2]
                .view(x.size(0), x.size(1), x.size(2), group, half)
                .transpose(2, 3) // [B, G, R, T, f/2]
                .reshape(x.size(0), x.size(1) * group, x.size(2), half);
        return activated(z, activation);
    }

    /** W [H, d, f/2] as [G, d, R f/2]: so a key is multiplied once for all heads that share it. */
    static Tensor grouped(Tensor map, int group) {
        return map.view(map.size(0) / group, group, map.size(1), map.size(2))
                .transpose(1, 2) // [G, d, R, f/2]
                .reshape(map.size(0) / group, map.size(1), group * map.size(2));
    }

    private static Tensor activated(Tensor z, Activation activation) {
        return activation.of(z).clampMin(SMALLEST);
    }

    /** Identity-like initial maps: the first f/2 coordinates (cyclically, should f/2 exceed d), times {@code scale}. */
    static Tensor identity(HeadDims dims, int half, double scale) {
        int width = dims.headWidth();
        float[] values = new float[dims.heads() * width * half];
        for (int h = 0; h < dims.heads(); h++) {
            for (int j = 0; j < half; j++) {
                values[(h * width + j % width) * half + j] = (float) scale;
            }
        }
        return Tensors.of(values, dims.heads(), width, half);
    }
}
