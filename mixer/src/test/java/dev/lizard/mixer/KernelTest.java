package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.KernelSpec.Network;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KernelTest extends MemorySpecContract {
    Network map() {
        return Network.SOFTPLUS;
    }

    @Override
    final MemorySpec spec(Near near) {
        return new KernelSpec(map(), near);
    }

    @Override
    boolean usesLayerInput() {
        return false;
    }

    /** [S | z] for each key head. */
    @Override
    final long memoryNumbers() {
        return (long) DIMS.keyHeads() * DIMS.headWidth() * (DIMS.headWidth() + 1L);
    }

    /** All pairs, without a recurrence. */
    @Override
    final double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][] q,
            double[][] k,
            double[][] v) {
        double[][] turnedQ = Plain.turned(q, FREQUENCIES);
        double[][] turnedK = Plain.turned(k, FREQUENCIES);
        double[][] y = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double[] row = new double[v[0].length + 1];
            for (int j = ((MemorySpec) spec).near().first(); j <= t; j++) {
                double weight = Plain.dot(features(turnedQ[t], parameters), features(turnedK[j], parameters));
                row = Plain.plus(row, weight, Plain.counted(v[j]));
            }
            y[t] = Plain.divided(row, 0);
        }
        return y;
    }

    private double[] features(double[] x, Map<String, Tensor> parameters) {
        double[] u = scaled(x, Math.pow(x.length, -0.25));
        double[] inner = map() == Network.SOFTPLUS ? u : product(parameters, "kernel_inner_weight", u);
        double[] given = u;
        if (map() == Network.MLP) {
            given = new double[u.length];
            for (int i = 0; i < u.length; i++) {
                double z = inner[i];
                given[i] = z / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z * z * z)));
            }
        }
        double[] features = product(parameters, "kernel_weight", given);
        for (int i = 0; i < features.length; i++) {
            double bias = map() == Network.SOFTPLUS ? number(parameters, "kernel_bias", i) : 0;
            double gate = map() == Network.GLU ? Plain.sigmoid(inner[i]) : 1;
            features[i] = Math.max(1e-12, softplus(features[i] + bias) * gate);
        }
        return features;
    }

    private static double[] product(Map<String, Tensor> parameters, String weight, double[] x) {
        double[][] rows = Plain.matrix(MixerSpec.need(parameters, weight));
        double[] y = new double[rows.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = Plain.dot(rows[i], x);
        }
        return y;
    }

    @Test
    void featuresArePositiveWhateverTheirInput() {
        KernelSpec spec = new KernelSpec(map(), Near.NONE);
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        for (DType dtype : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
            for (double size : new double[] {0, 1, 30, 1e4}) {
                Tensor x = Fixtures.normal(random, size, 200, DIMS.headWidth()).to(dtype);
                Tensor features = spec.features(x, Fixtures.to(dtype, parameters));
                assertThat(features.allFinite()).isTrue();
                assertThat(features.neg().amax().item()).isNegative();
            }
        }
    }

    /** (φ(Q) φ(K)ᵀ) V = φ(Q) (φ(K)ᵀ V), the latter being what the state of a causal pass holds in the end. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void theStateIsTheSummaryOfTheFormThatIsNotCausal(DType dtype) {
        KernelSpec spec = new KernelSpec(map(), Near.NONE);
        Map<String, Tensor> parameters = Fixtures.to(dtype, Fixtures.parameters(spec, DIMS, random));
        MixerInput in = Fixtures.to(dtype, Fixtures.input(DIMS, 2, 50, start, random));
        try (Gradients off = Gradients.off();
                MixerState state = spec.create(DIMS, parameters).newState(2, dtype, Device.CPU)) {
            spec.create(DIMS, parameters).chunk(in, state);
            Tensor q = spec.features(start.turn(in.q()), parameters); // [B, H, T, f]
            Tensor k = spec.features(start.turn(in.k()), parameters).repeatInterleave(DIMS.group(), 1);
            Tensor v = LinearBranch.counted(in.v()).repeatInterleave(DIMS.group(), 1); // [B, H, T, d + 1]
            Tensor pairs = q.matmul(k.transpose(-1, -2)).matmul(v);
            Tensor summary = q.matmul(state.get(LinearBranch.MEMORY).repeatInterleave(DIMS.group(), 1));
            Tensor right = LinearBranch.split(pairs).divided();
            assertThat(Fixtures.error(LinearBranch.split(summary).divided(), right))
                    .isLessThan(1e-5);
        }
    }

    @Test
    void matricesBeginOrthogonal() {
        try (Scope scope = Scope.open()) {
            KernelSpec spec = new KernelSpec(map(), Near.NONE);
            HeadDims dims = new HeadDims(128, 2, 1, 64);
            for (MixerSpec.Parameter parameter : spec.initial(dims, new RandomStream(5))) {
                if (spec.orthogonal().contains(parameter.name())) {
                    Tensor w = parameter.initial().to(DType.FLOAT64);
                    Tensor eye = Tensors.eye(64, DType.FLOAT64, Device.CPU);
                    assertThat(w.matmul(w.transpose(0, 1)).sub(eye).abs().amax().item())
                            .isLessThan(1e-6);
                }
            }
            assertThat(spec.orthogonal()).hasSize(map() == Network.SOFTPLUS ? 1 : 2);
        }
    }

    @Tag("gpu")
    static class OnCuda extends KernelTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
