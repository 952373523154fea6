package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SupraTest extends MemorySpecContract {
    @Override
    MemorySpec spec(Near near) {
        return new SupraSpec(near);
    }

    @Override
    boolean usesLayerInput() {
        return false;
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
        throw new UnsupportedOperationException("heads are mixed");
    }

    @Override
    double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][][] q,
            double[][][] k,
            double[][][] v) {
        int g = h / DIMS.group();
        MatrixMemoryTwin memory = memory(DIMS.headWidth());
        double[][] o = new double[x.length][];
        for (int t = 0; t < o.length; t++) {
            memory.decay(Math.exp(-Math.pow(2, -8.0 * (h + 1) / DIMS.heads())));
            double[] key = mapped(parameters, "key", k, g, t);
            memory.write(scaled(key, Math.pow(DIMS.headWidth(), -0.5)), v[g][t]);
            o[t] = memory.read(mapped(parameters, "query", q, h, t));
        }
        return o;
    }

    /** Of one head of relu(W x + b) over all heads, turned. */
    private static double[] mapped(Map<String, Tensor> parameters, String of, double[][][] x, int head, int t) {
        int width = DIMS.headWidth();
        double[] all = new double[x.length * width];
        for (int h = 0; h < x.length; h++) {
            System.arraycopy(x[h][t], 0, all, h * width, width);
        }
        double[] y = new double[width];
        for (int i = 0; i < width; i++) {
            y[i] = Math.max(0, logit(parameters, of + "_map", of + "_bias", head * width + i, all));
        }
        return Plain.turned(y, FREQUENCIES, t);
    }

    /** ALiBi's: a geometric row at any number of heads, here 2^(−2) to 2^(−8). */
    @Test
    void slopesAreThoseOfAlibiAtAnyNumberOfHeads() {
        assertThat(SupraSpec.logDecays(4)).containsExactly(-0.25, -0.0625, -0.015625, -0.00390625);
        assertThat(SupraSpec.logDecays(12)).hasSize(12).isSorted();
    }

    @Tag("gpu")
    static class OnCuda extends SupraTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
