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
 * <p>With W the identity, large entries of x stand out in the first half and very negative ones in the second, so φ(q)·φ(k)
 * grows with q·k: spiky and monotone like softmax itself.
 */
final class Hedgehog {
    private Hedgehog() {}

    /** Features of x [B, H, T, d]: [B, H, T, f]. */
    static Tensor features(Tensor x, Tensor map) {
        Tensor z = x.matmul(map); // [B, H, T, f/2]
        return Tensors.cat(-1, z.softmax(-1), z.neg().softmax(-1));
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
