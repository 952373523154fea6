package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class MambaTest extends MemorySpecContract {
    private static final int STATE = 3;

    boolean selective() {
        return true;
    }

    @Override
    final MemorySpec spec(Near near) {
        return new MambaSpec(STATE, selective(), near);
    }

    @Override
    boolean uses(String input) {
        return input.equals("x") || input.equals("v");
    }

    /** h for each channel, and the values of three tokens. */
    @Override
    final long memoryNumbers() {
        return (long) DIMS.heads() * DIMS.headWidth() * STATE + 3L * DIMS.keyHeads() * DIMS.headWidth();
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
        throw new UnsupportedOperationException("channels of all heads are selected together");
    }

    /** Channel by channel, token by token. */
    @Override
    final double[][] read(
            MixerSpec spec,
            Map<String, Tensor> parameters,
            int h,
            double[][] x,
            double[][][] q,
            double[][][] k,
            double[][][] v) {
        int width = DIMS.headWidth();
        Map<String, double[]> values = new HashMap<>();
        parameters.forEach((name, tensor) -> values.put(name, tensor.doubles()));
        double[][] selects = selective() ? Plain.matrix(MixerSpec.need(parameters, "state_weight")) : new double[0][];
        int rank = selects.length - 2 * STATE;
        double[][] states = new double[DIMS.heads() * width][STATE];
        double[][] o = new double[x.length][width];
        for (int t = 0; t < x.length; t++) {
            double[] u = new double[states.length];
            for (int e = 0; e < u.length; e++) {
                double sum = value(values, "conv_bias", e);
                for (int tap = Math.max(0, 3 - t); tap < 4; tap++) {
                    double weight = value(values, "conv_weight", (e / width * 4 + tap) * width + e % width);
                    sum += weight * v[e / width / DIMS.group()][t - 3 + tap][e % width];
                }
                u[e] = sum * Plain.sigmoid(sum);
            }
            double[] low =
                    Arrays.stream(selects).mapToDouble(row -> Plain.dot(row, u)).toArray();
            for (int e = 0; e < u.length; e++) {
                double logit = value(values, "step_bias", e);
                for (int r = 0; selective() && r < rank; r++) {
                    logit += value(values, "step_weight", e * rank + r) * low[r];
                }
                double step = softplus(logit);
                double y = value(values, "channel_skip", e) * u[e];
                for (int n = 0; n < STATE; n++) {
                    double in = selective() ? low[rank + n] : value(values, "state_input", n);
                    double out = selective() ? low[rank + STATE + n] : value(values, "state_output", n);
                    double rate = -Math.exp(value(values, "decay_log", e * STATE + n));
                    states[e][n] = Math.exp(step * rate) * states[e][n] + step * u[e] * in;
                    y += states[e][n] * out;
                }
                if (e / width == h) {
                    o[t][e % width] = y;
                }
            }
        }
        return o;
    }

    private static double value(Map<String, double[]> values, String name, int index) {
        double[] all = values.get(name);
        return all == null ? Double.NaN : all[index];
    }

    /** Channels decay by themselves, so that a head has no matrix. */
    @Test
    @Override
    void theMaterialisedMatrixTimesTheValuesIsTheOutput() {
        for (Near near : new Near[] {Near.NONE, new Near(3, 2, Branches.BOTH)}) {
            MixerSpec spec = spec(near);
            assertThat(spec.mixes()).isFalse();
            Mixer mixer = mixer(spec, DType.FLOAT64);
            assertThatThrownBy(() -> mixer.materialize(input(DType.FLOAT64, 1, 5)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("mamba");
        }
    }

    /** Its gradients are those of the whole graph, over several spans and with documents apart. */
    @Test
    void theScanOnATapeKeepsNoGraphAndHasTheSameGradients() {
        long tokens = 2L * ScanFunction.SPAN + 9;
        for (boolean packed : new boolean[] {false, true}) {
            MixerSpec spec = spec(Near.NONE);
            Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
            MixerInput in = input(DType.FLOAT64, 2, tokens);
            long[] beginnings = new long[(int) (2 * tokens)];
            for (int i = 0; i < beginnings.length; i++) {
                long place = i % tokens;
                beginnings[i] = i < tokens ? place / 40 * 40 : place < 70 ? 0 : 70;
            }
            try (Scope scope = Scope.open();
                    Positions apart = Positions.packed(
                            rotary,
                            Tensors.of(beginnings, 2, tokens).to(DType.INT32).to(device()))) {
                MixerInput read = packed ? new MixerInput(in.x(), in.q(), in.k(), in.v(), apart) : in;
                Map<String, Tensor> composed = learned(spec, parameters, read, false);
                Map<String, Tensor> taped = learned(spec, parameters, read, true);
                assertThat(taped.keySet()).isEqualTo(composed.keySet()).contains("y", "v", "x", "decay_log");
                composed.forEach((name, right) -> assertThat(Fixtures.error(MixerSpec.need(taped, name), right))
                        .as("%s, packed %s, seed %d", name, packed, seed)
                        .isLessThan(1e-9));
            }
        }
    }

    /** The output and the gradients of a sum of squares. */
    private Map<String, Tensor> learned(MixerSpec spec, Map<String, Tensor> parameters, MixerInput in, boolean onTape) {
        Map<String, Tensor> leaves = new LinkedHashMap<>();
        parameters.forEach(
                (name, p) -> leaves.put(name, p.to(device()).detach().copy().requiresGrad(true)));
        Tensor x = in.x().detach().copy().requiresGrad(true);
        Tensor v = in.v().detach().copy().requiresGrad(true);
        MixerInput there = new MixerInput(x, in.q(), in.k(), v, in.at());
        Map<String, Tensor> found = new LinkedHashMap<>();
        try (Tape tape = new Tape()) {
            Mixer mixer = spec.create(DIMS, leaves);
            Tensor y = onTape ? mixer.forward(there, Form.CHUNK, tape) : mixer.forward(there, Form.CHUNK);
            y.square().sum().backward();
            tape.unwind();
            found.put("y", y.detach());
        }
        leaves.put("x", x);
        leaves.put("v", v);
        leaves.forEach((name, leaf) -> {
            Tensor gradient = leaf.grad();
            if (gradient != null) {
                found.put(name, gradient);
            }
        });
        return found;
    }

    @Tag("gpu")
    static class OnCuda extends MambaTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
