package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class GlaTest extends MemorySpecContract {
    @Override
    MemorySpec spec(Near near) {
        return new GlaSpec(3, near);
    }

    @Override
    long memoryNumbers() {
        return (long) DIMS.keyHeads() * DIMS.headWidth() * DIMS.headWidth();
    }

    @Override
    double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][] q,
            double[][] k,
            double[][] v) {
        double[][] down = Plain.matrix(MixerSpec.need(parameters, "gate_down"));
        MatrixMemoryTwin memory = memory(DIMS.headWidth());
        double[][] o = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double[] low = new double[down.length];
            for (int r = 0; r < low.length; r++) {
                low[r] = Plain.dot(down[r], x[t]);
            }
            double[] gates = new double[DIMS.headWidth()];
            for (int i = 0; i < gates.length; i++) {
                int row = h / DIMS.group() * gates.length + i;
                gates[i] = Math.pow(Plain.sigmoid(logit(parameters, "gate_weight", "gate_bias", row, low)), 1.0 / 16);
            }
            memory.decay(gates);
            memory.write(k[t], v[t]);
            o[t] = memory.read(scaled(q[t], Math.pow(DIMS.headWidth(), -0.5)));
        }
        return o;
    }

    @Tag("gpu")
    static class OnCuda extends GlaTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
