package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class RetnetTest extends MemorySpecContract {
    @Override
    List<Integer> windows() {
        return List.of(1, 4);
    }

    @Override
    MemorySpec spec(Near near) {
        return new RetnetSpec(near);
    }

    @Override
    long memoryNumbers() {
        return (long) DIMS.heads() * DIMS.headWidth() * DIMS.headWidth();
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
            memory.decay(1 - Math.pow(2, -5 - h));
            memory.write(scaled(Plain.turned(k[t], FREQUENCIES, t), Math.pow(DIMS.headWidth(), -0.5)), v[t]);
            o[t] = memory.read(Plain.turned(q[t], FREQUENCIES, t));
        }
        return o;
    }

    @Tag("gpu")
    static class OnCuda extends RetnetTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
