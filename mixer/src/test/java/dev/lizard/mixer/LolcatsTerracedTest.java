package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LolcatsSpec.WindowKind;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The window of the published default, which moves block by block. */
class LolcatsTerracedTest extends MixerContract {
    private static LolcatsSpec terraced(int window, int features, Branches branches) {
        return new LolcatsSpec(window, 0, features, branches, 0, WindowKind.TERRACED);
    }

    @Override
    MixerSpec spec(int window, int features) {
        return terraced(window, features, Branches.BOTH);
    }

    /** Twice the window, and the memory. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long ring = 2L * DIMS.keyHeads() * DIMS.headWidth() * 2 * window;
        long memory = DIMS.heads() * 12L * (DIMS.headWidth() + 1);
        return batch * (ring + memory) * Math.max(4, elementBytes);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>();
        for (int window : windows()) {
            specs.add(terraced(window, 6, Branches.WINDOW));
            specs.add(terraced(window, 6, Branches.LINEAR));
        }
        return specs;
    }

    /** Each token by itself: which of the others it sees, and which the memory has. */
    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        LolcatsSpec own = (LolcatsSpec) spec;
        return (h, x, q, k, v) -> {
            double[][] queryMap = Plain.matrix(
                    MixerSpec.need(parameters, LolcatsSpec.QUERY_MAP).select(0, h));
            double[][] keyMap =
                    Plain.matrix(MixerSpec.need(parameters, LolcatsSpec.KEY_MAP).select(0, h));
            double g = Plain.sigmoid(number(parameters, LolcatsSpec.WINDOW_LOGIT, h));
            double[][] turnedQ = Plain.turned(q, FREQUENCIES);
            double[][] turnedK = Plain.turned(k, FREQUENCIES);
            double[][] y = new double[q.length][];
            for (int t = 0; t < q.length; t++) {
                int seen = t % own.window() + own.window() + 1; // of the two blocks, up to itself
                double[] far = new double[v[0].length + 1];
                for (int j = 0; j <= t - seen; j++) {
                    double weight = Plain.dot(Plain.features(turnedQ[t], queryMap), Plain.features(turnedK[j], keyMap));
                    far = Plain.plus(far, weight, Plain.counted(v[j]));
                }
                double[] near = WindowTwin.at(t, turnedQ, turnedK, v, seen, 0, Double.NEGATIVE_INFINITY);
                y[t] = switch (own.branches()) {
                    case BOTH -> Plain.divided(Plain.plus(far, g, near), Double.NaN);
                    case WINDOW -> Plain.divided(near, 0);
                    case LINEAR -> Plain.divided(far, 0);
                };
            }
            return y;
        };
    }

    /** Where blocks begin must be known, so pieces of a text are not recorded. */
    @Test
    @Override
    void piecesAreTheSameWhereTheDeviceAloneKnowsHowFarTheTextIs() {
        for (int window : windows()) {
            assertThat(spec(window, 6).fills()).isEqualTo(Long.MAX_VALUE);
        }
    }

    /** The published masks count pairs of the window twice where there are so few tokens. */
    @Test
    void upToTwoBlocksItIsTheSoftmaxLayer() {
        Mixer softmax = new SoftmaxSpec().create(DIMS, Map.of());
        for (int tokens : new int[] {1, 15, 16, 17, 32}) {
            MixerInput in = input(DType.FLOAT64, 2, tokens);
            Tensor expected = softmax.forward(in, Form.PARALLEL);
            for (Form form : Form.values()) {
                assertThat(Fixtures.error(mixer(16, DType.FLOAT64).forward(in, form), expected))
                        .as("%d tokens, %s", tokens, form)
                        .isLessThan(1e-12);
            }
        }
        MixerInput longer = input(DType.FLOAT64, 2, 33);
        Tensor y = mixer(16, DType.FLOAT64).forward(longer, Form.CHUNK);
        Tensor expected = softmax.forward(longer, Form.PARALLEL);
        assertThat(Fixtures.error(y.narrow(2, 0, 32), expected.narrow(2, 0, 32)))
                .isLessThan(1e-12);
        assertThat(Fixtures.error(y.narrow(2, 32, 1), expected.narrow(2, 32, 1)))
                .as("the first of the third block")
                .isGreaterThan(1e-3);
    }

    @Test
    void aSpecIsReadAsWrittenAndNotBesideFirstTokens() {
        MixerSpec spec = spec(16, 6);
        assertThat(MixerSpecs.read(MixerSpecs.write(spec), DIMS, "here")).isEqualTo(spec);
        assertThatThrownBy(() -> MixerSpecs.read(
                        Json.object().put("mixer", "lolcats").put("first", 2).put("window_kind", "terraced"),
                        DIMS,
                        "here"))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("expected sliding beside first but found terraced; change one");
    }

    @Tag("gpu")
    static class OnCuda extends LolcatsTerracedTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
