package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class LinearTest extends MixerContract {
    @Override
    MixerSpec spec(int window, int features) {
        return new LinearSpec();
    }

    @Override
    List<Integer> windows() {
        return List.of(1);
    }

    /** The matrix [S | z] of d × (d + 1) for each key head. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return batch * DIMS.keyHeads() * DIMS.headWidth() * (DIMS.headWidth() + 1L) * Math.max(4, elementBytes);
    }

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        return (h, x, q, k, v) -> {
            MatrixMemoryTwin memory = new MatrixMemoryTwin(new double[DIMS.headWidth()][DIMS.headWidth() + 1]);
            double[][] turnedQ = Plain.turned(q, FREQUENCIES);
            double[][] turnedK = Plain.turned(k, FREQUENCIES);
            double[][] y = new double[q.length][];
            for (int t = 0; t < q.length; t++) {
                memory.write(features(turnedK[t]), Plain.counted(v[t]));
                y[t] = Plain.divided(memory.read(features(turnedQ[t])), Double.NaN);
            }
            return y;
        };
    }

    /** elu(x) + 1. */
    private static double[] features(double[] x) {
        return Arrays.stream(x).map(a -> a > 0 ? a + 1 : Math.exp(a)).toArray();
    }

    @Tag("gpu")
    static class OnCuda extends LinearTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
