package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class GatedDeltaTest extends MemorySpecContract {
    boolean gated() {
        return true;
    }

    @Override
    final MemorySpec spec(Near near) {
        return gated() ? new GatedDeltaSpec(4, 64, true, near) : new GatedDeltaSpec(0, 0, false, near);
    }

    /** There is no norm to amplify rounding. */
    @Override
    double roundingOfRows() {
        return 1e-5;
    }

    /** A matrix of d × d for each key head. */
    @Override
    final long memoryNumbers() {
        return (long) DIMS.keyHeads() * DIMS.headWidth() * DIMS.headWidth();
    }

    @Override
    final double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][] q,
            double[][] k,
            double[][] v) {
        int g = h / DIMS.group();
        MatrixMemoryTwin memory = memory(DIMS.headWidth());
        double[][] y = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double[] key = unit(k[t]);
            if (gated()) {
                memory.decay(Plain.sigmoid(logit(parameters, "gate_weight", "gate_bias", g, x[t])));
            }
            double beta = Plain.sigmoid(logit(parameters, "beta_weight", "beta_bias", g, x[t]));
            memory.write(key, scaled(Plain.plus(v[t], -1, memory.read(key)), beta));
            y[t] = memory.read(unit(q[t]));
        }
        return y;
    }

    private static double[] unit(double[] x) {
        double length = Math.sqrt(Plain.dot(x, x) + 1e-6);
        return Arrays.stream(x).map(a -> a / length).toArray();
    }

    @Tag("gpu")
    static class OnCuda extends GatedDeltaTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
