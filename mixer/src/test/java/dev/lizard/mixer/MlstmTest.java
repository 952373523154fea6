package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class MlstmTest extends MemorySpecContract {
    @Override
    List<Integer> windows() {
        return List.of(1, 4);
    }

    @Override
    MemorySpec spec(Near near) {
        return new MlstmSpec(near);
    }

    /** The matrix, its normaliser and the largest weight. */
    @Override
    long memoryNumbers() {
        return DIMS.keyHeads() * (DIMS.headWidth() * (DIMS.headWidth() + 1L) + 1);
    }

    /** Without the stabiliser: gates as they are. */
    @Override
    double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][] q,
            double[][] k,
            double[][] v) {
        int g = h / DIMS.group();
        MatrixMemoryTwin memory = memory(DIMS.headWidth() + 1);
        double[][] o = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            memory.decay(Plain.sigmoid(logit(parameters, "gate_weight", "gate_bias", g, x[t])));
            double input = Math.exp(logit(parameters, "input_weight", "input_bias", g, x[t]));
            memory.write(scaled(k[t], input * Math.pow(DIMS.headWidth(), -0.5)), Plain.counted(v[t]));
            double[] row = memory.read(q[t]);
            row[row.length - 1] = Math.max(1, Math.abs(row[row.length - 1]));
            o[t] = Plain.divided(row, Double.NaN);
        }
        return o;
    }

    @Tag("gpu")
    static class OnCuda extends MlstmTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
