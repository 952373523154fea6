package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/**
 * The learned feature map of Hedgehog (Zhang et al. 2024, arXiv 2402.04347) in its softmax form, a map of its own for
 * each head:
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

    private Hedgehog() {}

    /** Both halves of a map in one: [W, −W], [H, d, f] from W [H, d, f/2]. */
    static Tensor paired(Tensor map) {
        return Tensors.cat(-1, map, map.neg());
    }

    /** Features of x [B, H, T, d] with a {@link #paired} map: [B, H, T, f]. */
    static Tensor features(Tensor x, Tensor paired) {
        Tensor z = x.matmul(paired); // [B, H, T, f]
        long half = z.size(3) / 2;
        return z.view(z.size(0), z.size(1), z.size(2), 2, half)
                .softmax(-1)
                .clampMin(SMALLEST)
                .view(z.size(0), z.size(1), z.size(2), 2 * half);
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
