package dev.lizard.tensor;

import java.util.Arrays;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A projection of a single row on the CPU, as matrix times vector: what decoding does all day. OpenBLAS's matrix product
 * packs the whole weight first, even for one row, and so is several times slower than its product with a vector. For
 * bfloat16 the engine has a better path of its own.
 */
final class RowProduct {
    private RowProduct() {}

    /** Whether x [..., in] is one such row for a weight [out, in], and no gradient is wanted. */
    static boolean fits(org.bytedeco.pytorch.Tensor x, org.bytedeco.pytorch.Tensor weight) {
        return x.numel() == weight.size(1)
                && x.scalar_type() != ScalarType.BFloat16
                && !x.is_cuda()
                && !GradMode.is_enabled();
    }

    /** {@code x W^T + b}: [..., out]. */
    static Tensor of(org.bytedeco.pytorch.Tensor x, org.bytedeco.pytorch.Tensor weight, @Nullable Tensor bias) {
        long[] shape = new long[(int) x.dim()];
        Arrays.fill(shape, 1);
        shape[shape.length - 1] = weight.size(0);
        try (org.bytedeco.pytorch.Tensor row = x.reshape(weight.size(1));
                org.bytedeco.pytorch.Tensor y =
                        bias == null ? torch.mv(weight, row) : torch.addmv(bias.handle(), weight, row)) {
            return Tensor.wrap(y.view(shape));
        }
    }
}
