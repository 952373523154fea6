package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every form computes what the mixer's naive twin does: its equations in plain loops over float64 numbers. */
abstract class MixerTwinContract extends MixerUnderTest {
    /** RoPE's, of {@link #rotary} at heads of width 8. */
    static final double[] FREQUENCIES = {1, 0.1, 0.01, 0.001};

    static final int TOKENS = 70;

    /** The twin. */
    @FunctionalInterface
    interface Twin {
        /** Outputs [T][d] of one head for x [T][D] and q, k, v [T][d], the first token at position 0. */
        double[][] run(int head, double[][] x, double[][] q, double[][] k, double[][] v);

        /** The same for keys and values [G][T][d] of all heads. */
        default double[][] run(int head, double[][] x, double[][] q, double[][][] keys, double[][][] values) {
            int own = head / DIMS.group();
            return run(head, x, q, keys[own], values[own]);
        }

        /** The same for queries [H][T][d] of all heads. */
        default double[][] run(int head, double[][] x, double[][][] queries, double[][][] keys, double[][][] values) {
            return run(head, x, queries[head], keys, values);
        }
    }

    /** The mixer under test once more, without any of its code. */
    abstract Twin twin(MixerSpec spec, Map<String, Tensor> parameters);

    /** Specs to compare beside those of {@link #spec}. */
    List<MixerSpec> furtherSpecs() {
        return List.of();
    }

    @Test
    void everyFormIsTheNaiveTwin() {
        List<MixerSpec> specs = new ArrayList<>(furtherSpecs());
        windows().forEach(window -> specs.add(spec(window, 6)));
        for (MixerSpec spec : specs) {
            compare(spec, Fixtures.parameters(spec, DIMS, random), input(DType.FLOAT64, 2, TOKENS), spec.toString());
        }
    }

    final void compare(MixerSpec spec, Map<String, Tensor> parameters, MixerInput in, String what) {
        Twin twin = twin(spec, parameters);
        try (Scope scope = Scope.open()) {
            double[][][][] y = new double[(int) in.batch()][DIMS.heads()][][];
            for (int b = 0; b < in.batch(); b++) {
                double[][][] keys = new double[DIMS.keyHeads()][][];
                double[][][] values = new double[DIMS.keyHeads()][][];
                for (int g = 0; g < DIMS.keyHeads(); g++) {
                    keys[g] = Plain.matrix(in.k(), b, g);
                    values[g] = Plain.matrix(in.v(), b, g);
                }
                double[][][] queries = new double[DIMS.heads()][][];
                for (int h = 0; h < DIMS.heads(); h++) {
                    queries[h] = Plain.matrix(in.q(), b, h);
                }
                for (int h = 0; h < DIMS.heads(); h++) {
                    double[][] x = Plain.matrix(in.x().select(0, b));
                    y[b][h] = twin.run(h, x, queries, keys, values);
                }
            }
            Tensor right = Plain.tensor(y);
            for (Form form : Form.values()) {
                for (DType dtype : List.of(DType.FLOAT64, DType.FLOAT32)) {
                    Tensor found = mixer(spec, dtype, parameters).forward(Fixtures.to(dtype, in), form);
                    assertThat(Fixtures.error(found, right))
                            .as("%s, %s, %s, seed %d", what, form, dtype, seed)
                            .isLessThan(Fixtures.tolerance(dtype));
                }
            }
        }
    }

    static double number(Map<String, Tensor> parameters, String name, int index) {
        return MixerSpec.need(parameters, name).doubles()[index];
    }
}
