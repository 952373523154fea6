package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class Mamba2Test extends MemorySpecContract {
    boolean discrete() {
        return false;
    }

    @Override
    final MemorySpec spec(Near near) {
        return new Mamba2Spec(discrete(), near);
    }

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
        double[][] o = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double logit = logit(parameters, "step_weight", "step_bias", g, x[t]);
            double step = softplus(logit);
            memory.decay(
                    discrete()
                            ? Plain.sigmoid(-logit)
                            : Math.exp(-step * Math.exp(number(parameters, "decay_log", g))));
            memory.write(scaled(k[t], discrete() ? Math.pow(DIMS.headWidth(), -0.5) : step), v[t]);
            o[t] = Plain.plus(memory.read(q[t]), number(parameters, "skip", h), v[t]);
        }
        return o;
    }

    @Tag("gpu")
    static class OnCuda extends Mamba2Test {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
