package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class MetalaTest extends MemorySpecContract {
    @Override
    MemorySpec spec(Near near) {
        return new MetalaSpec(near);
    }

    @Override
    long memoryNumbers() {
        return (long) DIMS.keyHeads() * DIMS.headWidth() * DIMS.headWidth();
    }

    /** With the self term, which stands before the norm. */
    @Override
    double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][] q,
            double[][] k,
            double[][] v) {
        double[] own = Plain.matrix(MixerSpec.need(parameters, "self_weight"))[h];
        MatrixMemoryTwin memory = memory(DIMS.headWidth());
        double[][] o = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double[] gates = Arrays.stream(k[t])
                    .map(a -> Math.pow(Plain.sigmoid(-a), 1.0 / 16))
                    .toArray();
            double[] written = Arrays.stream(gates).map(a -> 1 - a).toArray();
            memory.decay(gates);
            memory.write(written, v[t]);
            o[t] = memory.read(scaled(q[t], Math.pow(DIMS.headWidth(), -0.5)));
            double share = Plain.dot(q[t], times(written, own));
            for (int i = 0; i < o[t].length; i++) {
                o[t][i] += Plain.sigmoid(share * v[t][i]);
            }
        }
        return o;
    }

    @Tag("gpu")
    static class OnCuda extends MetalaTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
