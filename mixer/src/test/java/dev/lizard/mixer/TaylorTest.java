package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaylorTest extends MemorySpecContract {
    private static final int FEATURES = 6;

    @Override
    MemorySpec spec(Near near) {
        return new TaylorSpec(FEATURES, near);
    }

    @Override
    boolean usesLayerInput() {
        return false;
    }

    /** Odd and even numbers of features, and the fewest, beside what is kept exactly. */
    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>(super.furtherSpecs());
        for (int features : new int[] {1, 2, 5, 8}) {
            specs.add(new TaylorSpec(features, Near.NONE));
        }
        return specs;
    }

    /** 1 + 6 + 21 rows of 9 for each key head. */
    @Override
    long memoryNumbers() {
        return DIMS.keyHeads() * 28L * 9;
    }

    /** All pairs with weights 1 + s + s²/2: no features, no recurrence. */
    @Override
    double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][] q,
            double[][] k,
            double[][] v) {
        double[][] queryMap =
                Plain.matrix(MixerSpec.need(parameters, TaylorSpec.QUERY_MAP).select(0, h));
        double[][] keyMap =
                Plain.matrix(MixerSpec.need(parameters, TaylorSpec.KEY_MAP).select(0, h / DIMS.group()));
        double[][] y = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double[] row = new double[v[0].length + 1];
            for (int j = ((MemorySpec) spec).near().first(); j <= t; j++) {
                double s =
                        Plain.dot(projected(q[t], queryMap), projected(k[j], keyMap)) / Math.sqrt(queryMap[0].length);
                row = Plain.plus(row, 1 + s + s * s / 2, Plain.counted(v[j]));
            }
            y[t] = Plain.divided(row, 0);
        }
        return y;
    }

    private static double[] projected(double[] x, double[][] map) {
        double[] y = new double[map[0].length];
        for (int i = 0; i < x.length; i++) {
            y = Plain.plus(y, x[i], map[i]);
        }
        return y;
    }

    /** In float32; 16 features take 153 rows, where those that hold each product twice take 273. */
    @ParameterizedTest
    @CsvSource({"8, 45", "16, 153", "24, 325"})
    void productsOfFeaturesAreTheSeries(int features, int rows) {
        TaylorSpec spec = new TaylorSpec(features, Near.NONE);
        try (Scope scope = Scope.open()) {
            Tensor a = Fixtures.normal(random, 1, 50, features);
            Tensor b = Fixtures.normal(random, 1, 40, features);
            Tensor s = a.matmul(b.transpose(0, 1)).mul(Math.pow(features, -0.5));
            Tensor series = s.square().mul(0.5).add(s).add(1);
            Tensor left = spec.features(a.to(DType.FLOAT32));
            Tensor right = spec.features(b.to(DType.FLOAT32));
            assertThat(spec.width()).isEqualTo(rows).isEqualTo(left.size(1));
            assertThat(Fixtures.error(left.matmul(right.transpose(0, 1)), series))
                    .isLessThan(1e-5);
            assertThat(series.neg().amax().item()).isNegative(); // the least is above 0
        }
    }

    /** Without keys that repeat, a window that reaches all tokens is softmax, and a memory that counts for nothing. */
    @Test
    void aWindowOverAllTokensWithTheWholeShareIsSoftmax() {
        MixerSpec spec = spec(new Near(64, 0, LizardSpec.Branches.BOTH));
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        parameters.put(
                LizardSpec.MIX_LOGIT,
                MixerSpec.need(parameters, LizardSpec.MIX_LOGIT).mul(0).add(60));
        MixerInput in = input(DType.FLOAT64, 2, 40);
        Tensor softmax = mixer(new SoftmaxSpec(), DType.FLOAT64, Map.of()).forward(in, Form.CHUNK);
        for (Form form : Form.values()) {
            assertThat(Fixtures.error(mixer(spec, DType.FLOAT64, parameters).forward(in, form), softmax))
                    .isLessThan(1e-5);
        }
    }

    @Tag("gpu")
    static class OnCuda extends TaylorTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
