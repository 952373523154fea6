package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class LigerTest extends MemorySpecContract {
    @Override
    List<Integer> windows() {
        return List.of(1, 4);
    }

    @Override
    MemorySpec spec(Near near) {
        return new LigerSpec(near);
    }

    @Override
    boolean usesLayerInput() {
        return false;
    }

    /** There is no norm to amplify rounding. */
    @Override
    double roundingOfRows() {
        return 1e-5;
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
        MatrixMemoryTwin memory = memory(DIMS.headWidth());
        double[][] o = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double[] key = k[t];
            memory.decay(Arrays.stream(key)
                    .map(a -> Math.pow(Plain.sigmoid(a), 1.0 / 16))
                    .toArray());
            memory.write(softmax(key), v[t]);
            o[t] = memory.read(softmax(q[t]));
        }
        return o;
    }

    private static double[] softmax(double[] x) {
        double all = Plain.logSumExp(x);
        return Arrays.stream(x).map(a -> Math.exp(a - all)).toArray();
    }

    @Tag("gpu")
    static class OnCuda extends LigerTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
