package dev.lizard.eval.kernels;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.LizardInputs;
import dev.lizard.tensor.kernel.SlotInputs;

/**
 * Inputs for kernels, in the scope of the caller. A million normal numbers repeat: enough for speed, and billions of
 * them are there at once.
 */
final class RandomInputs {
    private static final int PERIOD = 1_000_003;
    private static final int STEP = 7_919 * 8; // from one tensor's start to the next one's, whole pieces of 16 bytes
    private static final double BASE = 10_000;
    private static final double LOUD_GATE = 4;

    private final Device device;
    private final Tensor numbers;
    private long start;

    RandomInputs(Device device, long seed) {
        this.device = device;
        numbers = Tensors.of(new RandomStream(seed).normal(PERIOD, 1), PERIOD).to(device);
    }

    Device device() {
        return device;
    }

    Tensor normal(DType dtype, long... shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        start = (start + STEP) % (PERIOD - 1);
        start -= start % 8;
        long repeats = (start + count + PERIOD - 1) / PERIOD;
        return numbers.to(dtype)
                .unsqueeze(0)
                .expand(repeats, PERIOD)
                .reshape(-1)
                .narrow(0, start, count)
                .view(shape);
    }

    /** Rows of heads as projections leave them: [B, n, T, d], a view of [B, T, n, d], bfloat16. */
    Tensor heads(KernelShape s, int heads) {
        return normal(DType.BFLOAT16, s.batch(), s.tokens(), heads, s.width()).transpose(1, 2);
    }

    /** A map of features [n, d, F]. */
    Tensor map(DType dtype, int heads, int width, int features) {
        return normal(DType.FLOAT32, heads, width, features)
                .mul(2 / Math.sqrt(width))
                .to(dtype);
    }

    /** A number a head, in (0, 1). */
    Tensor share(KernelShape s) {
        return normal(DType.FLOAT32, s.heads()).sigmoid();
    }

    /** All inputs of the joint form, from the first token on. */
    LizardInputs lizard(KernelShape s) {
        return new LizardInputs(
                heads(s, s.heads()),
                heads(s, s.keyHeads()),
                heads(s, s.keyHeads()),
                table(s, false),
                table(s, true),
                normal(DType.FLOAT32, s.batch(), s.heads(), s.tokens())
                        .add(LOUD_GATE)
                        .logSigmoid(),
                normal(DType.FLOAT32, s.heads()),
                share(s),
                map(DType.BFLOAT16, s.heads(), s.width(), s.half()),
                map(DType.BFLOAT16, s.heads(), s.width(), s.half()),
                s.window(),
                LizardInputs.Join.JOINT,
                null,
                null);
    }

    /** Inputs of attention to a window, first tokens and slots. */
    SlotInputs slots(KernelShape s, int first, int slots) {
        return new SlotInputs(
                heads(s, s.heads()),
                heads(s, s.keyHeads()),
                heads(s, s.keyHeads()),
                table(s, false),
                table(s, true),
                null,
                s.window(),
                first,
                slots,
                first);
    }

    /** Radians a token of each pair of features. */
    static double[] frequencies(int width) {
        double[] frequencies = new double[width / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(BASE, -2.0 * i / width);
        }
        return frequencies;
    }

    /** Cosines or sines of the first T positions' angles [T, d/2]. */
    private Tensor table(KernelShape s, boolean sine) {
        double[] frequencies = frequencies(s.width());
        float[] values = new float[s.tokens() * frequencies.length];
        for (int i = 0; i < values.length; i++) {
            int position = i / frequencies.length;
            double angle = position * frequencies[i % frequencies.length];
            values[i] = (float) (sine ? Math.sin(angle) : Math.cos(angle));
        }
        return Tensors.of(values, s.tokens(), frequencies.length).to(device);
    }
}
