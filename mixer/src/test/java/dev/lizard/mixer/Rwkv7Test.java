package dev.lizard.mixer;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;

class Rwkv7Test extends MemorySpecContract {
    @Override
    MemorySpec spec(Near near) {
        return new Rwkv7Spec(3, 4, 64, near);
    }

    @Override
    long memoryNumbers() {
        return (long) DIMS.keyHeads() * DIMS.headWidth() * DIMS.headWidth();
    }

    /** The recurrence, entry by entry. */
    @Override
    double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][] q,
            double[][] k,
            double[][] v) {
        int g = h / DIMS.group();
        int width = DIMS.headWidth();
        double[] removal = Plain.matrix(MixerSpec.need(parameters, "removal_weight"))[g];
        double[] replacement = Plain.matrix(MixerSpec.need(parameters, "replacement_weight"))[g];
        double[][] memory = new double[width][width];
        double[][] o = new double[q.length][width];
        for (int t = 0; t < q.length; t++) {
            double[] decays = gates(parameters, "gate", g, x[t], Math::tanh);
            double[] rates = gates(parameters, "rate", g, x[t], a -> a);
            double[] taken = times(k[t], removal);
            double length = Math.sqrt(Plain.dot(taken, taken) + 1e-6);
            double[] known = new double[width];
            for (int i = 0; i < width; i++) {
                taken[i] /= length;
                known = Plain.plus(known, taken[i], memory[i]);
            }
            for (int i = 0; i < width; i++) {
                double key = k[t][i] * (1 + (rates[i] - 1) * replacement[i]);
                double decay = Math.exp(-Math.exp(-0.5) * decays[i]);
                for (int j = 0; j < width; j++) {
                    memory[i][j] = decay * memory[i][j] - rates[i] * taken[i] * known[j] + key * v[t][j];
                }
                o[t] = Plain.plus(o[t], q[t][i] / Math.sqrt(width), memory[i]);
            }
        }
        return o;
    }

    /** σ(W₂ f(W₁ x) + b) of the rows of a head. */
    private static double[] gates(
            Map<String, Tensor> parameters, String name, int g, double[] x, DoubleUnaryOperator f) {
        double[][] down = Plain.matrix(MixerSpec.need(parameters, name + "_down"));
        double[] low = Arrays.stream(down)
                .mapToDouble(row -> f.applyAsDouble(Plain.dot(row, x)))
                .toArray();
        double[] gates = new double[DIMS.headWidth()];
        for (int i = 0; i < gates.length; i++) {
            gates[i] = Plain.sigmoid(logit(parameters, name + "_weight", name + "_bias", g * gates.length + i, low));
        }
        return gates;
    }

    @Tag("gpu")
    static class OnCuda extends Rwkv7Test {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
