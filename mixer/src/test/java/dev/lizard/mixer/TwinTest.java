package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each mixer, in each form, against its naive twin. */
@ExtendWith(LiveTensors.class)
class TwinTest {
    private static final HeadDims DIMS = MixerContract.DIMS;
    private static final long START = 0;
    private static final int TOKENS = 70;

    private final long seed = Long.getLong("lizard.test.seed", 5L);
    private final RandomStream random = new RandomStream(seed);
    private final double[] frequencies = {1, 0.1, 0.01, 0.001};
    private Rotary rotary = new Rotary(frequencies, 1);
    private Positions start = Positions.start(rotary);

    @BeforeEach
    void openRotary() {
        rotary = new Rotary(frequencies, 1);
        start = Positions.start(rotary);
    }

    @AfterEach
    void closeRotary() {
        start.close();
        rotary.close();
    }

    /** One head's outputs [T][d]. */
    private interface Head {
        double[][] run(int head, double[][] x, double[][] q, double[][] k, double[][] v);
    }

    private void compare(MixerSpec spec, Map<String, Tensor> parameters, MixerInput in, Head twin, String what) {
        try (Scope scope = Scope.open()) {
            double[][][][] y = new double[(int) in.batch()][DIMS.heads()][][];
            for (int b = 0; b < in.batch(); b++) {
                for (int h = 0; h < DIMS.heads(); h++) {
                    int g = h / DIMS.group();
                    y[b][h] = twin.run(
                            h,
                            Plain.matrix(in.x().select(0, b)),
                            Plain.matrix(in.q(), b, h),
                            Plain.matrix(in.k(), b, g),
                            Plain.matrix(in.v(), b, g));
                }
            }
            Tensor right = Plain.tensor(y);
            for (Form form : Form.values()) {
                Tensor wide = spec.create(DIMS, parameters).forward(in, form);
                assertThat(Fixtures.error(wide, right))
                        .as("%s, %s, float64, seed %d", what, form, seed)
                        .isLessThan(1e-9);
                Tensor narrow = spec.create(DIMS, Fixtures.to(DType.FLOAT32, parameters))
                        .forward(Fixtures.to(DType.FLOAT32, in), form);
                assertThat(Fixtures.error(narrow, right))
                        .as("%s, %s, float32, seed %d", what, form, seed)
                        .isLessThan(1e-4);
            }
        }
    }

    private MixerInput input() {
        return Fixtures.input(DIMS, 2, TOKENS, start, random);
    }

    @Test
    void softmax() {
        window(new SoftmaxSpec(), TOKENS, 0, 0);
    }

    @Test
    void window() {
        for (int window : new int[] {1, 4, 16}) {
            for (int meta : new int[] {0, 3}) {
                for (int first : new int[] {0, 1, 5, 90}) {
                    window(new WindowSpec(window, first, meta), window, first, meta);
                }
            }
        }
    }

    private void window(MixerSpec spec, int window, int first, int meta) {
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        Head twin = (h, x, q, k, v) -> {
            double sink = meta == 0
                    ? Double.NEGATIVE_INFINITY
                    : Plain.logSumExp(Plain.matrix(MixerSpec.need(parameters, Sinks.NAME))[h]);
            double[][] turnedQ = new double[TOKENS][];
            double[][] turnedK = new double[TOKENS][];
            double[][] y = new double[TOKENS][];
            for (int t = 0; t < TOKENS; t++) {
                turnedQ[t] = Plain.turned(q[t], frequencies, START + t);
                turnedK[t] = Plain.turned(k[t], frequencies, START + t);
                y[t] = Plain.divided(WindowTwin.at(t, turnedQ, turnedK, v, window, first, sink), Double.NaN);
            }
            return y;
        };
        compare(spec, parameters, input(), twin, spec.toString());
    }

    @ParameterizedTest
    @EnumSource
    void lizard(Variant variant) {
        for (int window : new int[] {1, 4, 16}) {
            for (Branches branches : Branches.values()) {
                LizardSpec spec = new LizardSpec(variant, window, 6, 3, 4, 64, branches);
                lizard(spec, Fixtures.parameters(spec, DIMS, random), input(), spec.toString());
            }
        }
        LizardSpec bare = new LizardSpec(variant, 4, 6, 0, 4, 64, Branches.BOTH);
        lizard(bare, Fixtures.parameters(bare, DIMS, random), input(), bare.toString());
        for (int first : new int[] {1, 3, 90}) {
            for (int window : new int[] {1, 4, 16}) {
                LizardSpec kept = new LizardSpec(variant, window, first, 6, 3, 4, 64, Branches.BOTH);
                lizard(kept, Fixtures.parameters(kept, DIMS, random), input(), kept.toString());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void lizardWithGatesFromClosedToOpen(Variant variant) {
        LizardSpec spec = new LizardSpec(variant, 4, 6, 3, 4, 64, Branches.BOTH);
        for (double gate : new double[] {0, 0.01, 0.5, 0.999, 1}) {
            Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
            double logit = Math.max(-1000, Math.min(1000, Math.log(gate / (1 - gate))));
            MixerInput in = input();
            in.x().narrow(2, 0, 1).fill_(1); // so that the first weight acts as a bias
            MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT)
                    .zero_()
                    .narrow(1, 0, 1)
                    .fill_(logit);
            if (parameters.containsKey(LizardSpec.GATE_BIAS)) {
                MixerSpec.need(parameters, LizardSpec.GATE_BIAS).zero_();
            }
            lizard(spec, parameters, in, spec + " with gate " + gate);
        }
    }

    private void lizard(LizardSpec spec, Map<String, Tensor> parameters, MixerInput in, String what) {
        boolean shared = spec.variant() == Variant.LITERAL;
        Head twin = (h, x, q, k, v) -> {
            int row = shared ? 0 : h;
            Tensor sinks = parameters.get(Sinks.NAME);
            LizardTwin head = new LizardTwin(
                    spec,
                    Plain.matrix(
                            MixerSpec.need(parameters, LizardSpec.QUERY_MAP).select(0, h)),
                    Plain.matrix(MixerSpec.need(parameters, LizardSpec.KEY_MAP).select(0, h)),
                    Plain.matrix(MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT))[row],
                    shared ? 0 : number(parameters, LizardSpec.GATE_BIAS, h),
                    sinks == null ? new double[0] : Plain.matrix(sinks)[row],
                    switch (spec.variant()) {
                        case JOINT -> Math.exp(number(parameters, LizardSpec.WINDOW_LOGIT, h));
                        case SUM -> Plain.sigmoid(number(parameters, LizardSpec.MIX_LOGIT, h));
                        case LITERAL -> number(parameters, LizardSpec.ALPHA, 0);
                    });
            return head.run(x, q, k, v, frequencies, START);
        };
        compare(spec, parameters, in, twin, what);
    }

    @Test
    void lolcats() {
        for (int window : new int[] {1, 4, 16}) {
            for (Branches branches : Branches.values()) {
                LolcatsSpec spec = new LolcatsSpec(window, 6, branches);
                Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
                Head twin = (h, x, q, k, v) -> new LolcatsTwin(
                                spec,
                                Plain.matrix(MixerSpec.need(parameters, LolcatsSpec.QUERY_MAP)
                                        .select(0, h)),
                                Plain.matrix(MixerSpec.need(parameters, LolcatsSpec.KEY_MAP)
                                        .select(0, h)),
                                Plain.sigmoid(number(parameters, LolcatsSpec.WINDOW_LOGIT, h)))
                        .run(q, k, v, frequencies, START);
                compare(spec, parameters, input(), twin, spec.toString());
            }
        }
    }

    private static double number(Map<String, Tensor> parameters, String name, int index) {
        return MixerSpec.need(parameters, name).doubles()[index];
    }

    @Test
    void turningBackUndoesATurnWithAScaleToo() {
        try (Rotary scaled = new Rotary(frequencies, 1.25)) {
            for (long tokens : new long[] {1, 5}) {
                Tensor x = Tensors.of(random.normal((int) (2 * 3 * tokens * 8), 1), 2, 3, tokens, 8);
                Tensor turned = scaled.apply(x, 1_000_000);
                assertThat(Fixtures.error(scaled.undo(turned, 1_000_000), x)).isLessThan(1e-6);
                assertThat(turned.norm().item() / x.norm().item()).isBetween(1.2499, 1.2501);
                for (int t = 0; t < tokens; t++) {
                    double[] right = Plain.turned(Plain.matrix(x, 1, 2)[t], frequencies, 1_000_000 + t);
                    double[] found = Plain.matrix(turned, 1, 2)[t];
                    for (int i = 0; i < 8; i++) {
                        assertThat(found[i]).isCloseTo(1.25 * right[i], org.assertj.core.data.Offset.offset(1e-5));
                    }
                }
            }
        }
    }
}
