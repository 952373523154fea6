package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelSource;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the kernels of the matrix memory read: T tokens of B sequences, H heads with features of their own, over G heads
 * of values. All on one CUDA device.
 *
 * <pre>
 *   S_t = Diag(exp g_t) S_{t−1} + k_tᵀ v_t        y_t = q_t S_t
 * </pre>
 *
 * @param q features of queries [B, H, T, f], bfloat16; views are welcome here, and for k and v
 * @param k features of keys [B, H, T, f], bfloat16
 * @param v values [B, G, T, d], bfloat16
 * @param logGate g ≤ 0, float32, contiguous: one a head [B, H, T] or one a row of S [B, H, T, f]; null for none
 * @param counted whether values have a column of ones beside them, whose sums are the normaliser
 * @param state S before the first token [B, H, f, d], or d + 1 if counted, float32, contiguous; null for zero
 */
public record MemoryInputs(
        Tensor q,
        Tensor k,
        Tensor v,
        @Nullable Tensor logGate,
        boolean counted,
        @Nullable Tensor state) {
    public MemoryInputs {
        if (q.dtype() != DType.BFLOAT16 || k.dtype() != DType.BFLOAT16 || v.dtype() != DType.BFLOAT16) {
            throw new IllegalArgumentException(
                    "q, k, v are %s, %s, %s: expected bfloat16".formatted(q.dtype(), k.dtype(), v.dtype()));
        }
        if (!Arrays.equals(q.shape(), k.shape()) || q.size(1) % v.size(1) != 0 || q.size(2) != v.size(2)) {
            throw new IllegalArgumentException("q %s, k %s and v %s do not belong together"
                    .formatted(Arrays.toString(q.shape()), Arrays.toString(k.shape()), Arrays.toString(v.shape())));
        }
        q = AlignedRows.of(q);
        k = AlignedRows.of(k);
        v = AlignedRows.of(v);
    }

    /**
     * Whether the kernels and their gradients take over a model of this type with these sizes on {@code device}.
     *
     * @param width d
     * @param features f
     * @param byRow whether each row of S has a gate of its own
     */
    public static boolean serves(Device device, DType model, int width, int features, boolean byRow) {
        return Kernel.fits(device, need(model, width, features, byRow));
    }

    /** They multiply in bfloat16, so only models of that type are given to them. */
    static KernelNeed need(DType model, int width, int features, boolean byRow) {
        MemorySizes sizes = new MemorySizes(width, features, byRow);
        return KernelNeed.of(KernelPart.MEMORY, sizes.most())
                .onlyIf(
                        model == DType.BFLOAT16 && sizes.served(),
                        "d 64 or 128, f 64 to 256 in steps of 64, in bfloat16");
    }

    int batch() {
        return (int) q.size(0);
    }

    int heads() {
        return (int) q.size(1);
    }

    int valueHeads() {
        return (int) v.size(1);
    }

    int tokens() {
        return (int) q.size(2);
    }

    int chunks() {
        return Math.ceilDiv(tokens(), LizardSizes.CHUNK);
    }

    /** Columns of S. */
    long columns() {
        return v.size(3) + (counted ? 1 : 0);
    }

    MemorySizes sizes() {
        boolean byRow = logGate != null && logGate.rank() == 4;
        return new MemorySizes((int) v.size(3), (int) q.size(3), byRow);
    }

    KernelSource source() {
        return KernelSource.of("memory.cu")
                .define("D", v.size(3))
                .define("FEATURES", q.size(3))
                .define("GATES", logGate == null ? 0 : logGate.rank() == 3 ? 1 : 2)
                .define("COUNTED", counted ? 1 : 0);
    }
}
