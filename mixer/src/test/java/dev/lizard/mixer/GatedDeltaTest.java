package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class GatedDeltaTest extends MixerContract {
    @Override
    MixerSpec spec(int window, int features) {
        return new GatedDeltaSpec(4, 64);
    }

    @Override
    List<Integer> windows() {
        return List.of(1);
    }

    @Override
    boolean usesLayerInput() {
        return true;
    }

    /** A matrix of d × d for each key head. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return (long) batch * DIMS.keyHeads() * DIMS.headWidth() * DIMS.headWidth() * Math.max(4, elementBytes);
    }

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        double[][] gateWeight = Plain.matrix(MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT));
        double[][] betaWeight = Plain.matrix(MixerSpec.need(parameters, GatedDeltaSpec.BETA_WEIGHT));
        return (h, x, q, k, v) -> {
            int g = h / DIMS.group();
            MatrixMemoryTwin memory = new MatrixMemoryTwin(new double[DIMS.headWidth()][DIMS.headWidth()]);
            double[][] y = new double[q.length][];
            for (int t = 0; t < q.length; t++) {
                double gate = Plain.dot(gateWeight[g], x[t]) + number(parameters, LizardSpec.GATE_BIAS, g);
                double beta = Plain.dot(betaWeight[g], x[t]) + number(parameters, GatedDeltaSpec.BETA_BIAS, g);
                double[] key = unit(k[t]);
                memory.decay(Plain.sigmoid(gate));
                double[] error = Plain.plus(v[t], -1, memory.read(key));
                memory.write(key, Plain.plus(new double[error.length], Plain.sigmoid(beta), error));
                y[t] = memory.read(unit(q[t]));
            }
            return y;
        };
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
