package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;

/** Window 1 stands for the published form, 4 for one with three first tokens. */
class HedgehogTest extends MixerContract {
    private static final int FIRST = 3;

    @Override
    MixerSpec spec(int window, int features) {
        return new HedgehogSpec(features, Hedgehog.Activation.SOFTMAX, window == 1 ? 0 : FIRST, Branches.BOTH);
    }

    @Override
    List<Integer> windows() {
        return List.of(1, 4);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        return List.of(
                new HedgehogSpec(5, Hedgehog.Activation.JOINT, 0, Branches.BOTH),
                new HedgehogSpec(5, Hedgehog.Activation.EXP, 0, Branches.BOTH),
                new HedgehogSpec(5, Hedgehog.Activation.RELU, 0, Branches.BOTH),
                new HedgehogSpec(5, Hedgehog.Activation.ELU, 0, Branches.BOTH));
    }

    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long ring = window == 1 ? 0 : 2L * DIMS.keyHeads() * DIMS.headWidth() * (1 + FIRST);
        long memory = DIMS.heads() * 12L * (DIMS.headWidth() + 1);
        return batch * (ring + memory) * Math.max(4, elementBytes);
    }

    /** All pairs, without a recurrence. */
    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        HedgehogSpec own = (HedgehogSpec) spec;
        return (h, x, q, k, v) -> {
            double[][] queryMap =
                    Plain.matrix(MixerSpec.need(parameters, "query_map").select(0, h));
            double[][] keyMap =
                    Plain.matrix(MixerSpec.need(parameters, "key_map").select(0, h));
            double[][] turnedQ = Plain.turned(q, FREQUENCIES);
            double[][] turnedK = Plain.turned(k, FREQUENCIES);
            double[][] y = new double[q.length][];
            for (int t = 0; t < q.length; t++) {
                double[] row = new double[v[0].length + 1];
                int last = own.first() == 0 ? t : t - 1;
                for (int j = own.first(); j <= last; j++) {
                    double weight = Plain.dot(features(own, turnedQ[t], queryMap), features(own, turnedK[j], keyMap));
                    row = Plain.plus(row, weight, Plain.counted(v[j]));
                }
                if (own.first() > 0) {
                    double[] near = WindowTwin.at(t, turnedQ, turnedK, v, 1, own.first(), Double.NEGATIVE_INFINITY);
                    row = Plain.plus(row, Math.exp(number(parameters, "window_logit", h)), near);
                }
                y[t] = Plain.divided(row, Double.NaN);
            }
            return y;
        };
    }

    private static double[] features(HedgehogSpec spec, double[] x, double[][] map) {
        if (spec.activation() == Hedgehog.Activation.SOFTMAX) {
            return Plain.features(x, map);
        }
        int half = map[0].length;
        double[] y = new double[2 * half];
        for (int j = 0; j < half; j++) {
            for (int i = 0; i < x.length; i++) {
                y[j] += x[i] * map[i][j];
            }
            y[j + half] = -y[j];
        }
        double[] features = new double[2 * half];
        double largest = Double.NEGATIVE_INFINITY;
        double smallest = Double.POSITIVE_INFINITY;
        double sum = 0;
        for (int j = 0; j < half; j++) {
            largest = Math.max(largest, y[j]);
            smallest = Math.min(smallest, y[j]);
            sum += Math.exp(2 * y[j]) + Math.exp(-2 * y[j]);
        }
        for (int j = 0; j < 2 * half; j++) {
            features[j] = switch (spec.activation()) {
                case JOINT -> Math.exp(2 * y[j]) / sum;
                case RELU -> Math.max(y[j], 1e-12);
                case ELU -> y[j] > 0 ? y[j] + 1 : Math.exp(y[j]);
                default -> Math.exp(y[j] - (j < half ? largest : -smallest));
            };
        }
        return features;
    }

    @Tag("gpu")
    static class OnCuda extends HedgehogTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
