package dev.lizard.tensor;

import java.util.Arrays;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * {@code x W^T + b} for x [..., in], W [out, in], b [out].
 *
 * <p>A single row on the CPU, what decoding does all day, is done as matrix times vector. OpenBLAS's matrix product
 * packs the whole weight first, even for one row, and so is several times slower. For bfloat16 the engine has another
 * path.
 */
final class Projection {
    private Projection() {}

    static Tensor of(Tensor x, Tensor weight, @Nullable Tensor bias) {
        if (isRow(x, weight) && !GradMode.is_enabled()) {
            return row(x, weight, bias);
        }
        if (bias == null) {
            return torch.linear(x, weight);
        }
        try (TensorOptional offset = new TensorOptional(bias)) {
            return torch.linear(x, weight, offset);
        }
    }

    private static boolean isRow(Tensor x, Tensor weight) {
        return x.numel() == weight.size(1) && x.element_size() > DType.BFLOAT16.bytes() && !x.is_cuda();
    }

    private static Tensor row(Tensor x, Tensor weight, @Nullable Tensor bias) {
        long[] shape = new long[(int) x.dim()];
        Arrays.fill(shape, 1);
        shape[shape.length - 1] = weight.size(0);
        try (Tensor row = x.reshape(weight.size(1));
                Tensor y = bias == null ? torch.mv(weight, row) : torch.addmv(bias, weight, row)) {
            return y.view(shape); // [..., out]
        }
    }
}
