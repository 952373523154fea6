package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

class TaylorTest extends MixerContract {
    @Override
    MixerSpec spec(int window, int features) {
        return new TaylorSpec(features);
    }

    @Override
    List<Integer> windows() {
        return List.of(1);
    }

    /** Odd and even numbers of features, and the fewest. */
    @Override
    List<MixerSpec> furtherSpecs() {
        return List.of(new TaylorSpec(1), new TaylorSpec(2), new TaylorSpec(5), new TaylorSpec(8));
    }

    /** 1 + 6 + 21 rows of 9 for each key head. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        return (long) batch * DIMS.keyHeads() * 28 * 9 * Math.max(4, elementBytes);
    }

    /** All pairs with weights 1 + s + s²/2: no features, no recurrence. */
    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        return (h, x, q, k, v) -> {
            double[][] queryMap = Plain.matrix(
                    MixerSpec.need(parameters, TaylorSpec.QUERY_MAP).select(0, h));
            double[][] keyMap =
                    Plain.matrix(MixerSpec.need(parameters, TaylorSpec.KEY_MAP).select(0, h / DIMS.group()));
            double[][] y = new double[q.length][];
            for (int t = 0; t < q.length; t++) {
                double[] row = new double[v[0].length + 1];
                for (int j = 0; j <= t; j++) {
                    double s = Plain.dot(projected(q[t], queryMap), projected(k[j], keyMap))
                            / Math.sqrt(queryMap[0].length);
                    row = Plain.plus(row, 1 + s + s * s / 2, Plain.counted(v[j]));
                }
                y[t] = Plain.divided(row, Double.NaN);
            }
            return y;
        };
    }

    private static double[] projected(double[] x, double[][] map) {
        double[] y = new double[map[0].length];
        for (int i = 0; i < x.length; i++) {
            y = Plain.plus(y, x[i], map[i]);
        }
        return y;
    }

    @Tag("gpu")
    static class OnCuda extends TaylorTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
