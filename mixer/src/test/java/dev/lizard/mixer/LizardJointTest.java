package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LizardJointTest extends MixerContract {
    Variant variant() {
        return Variant.JOINT;
    }

    @Override
    MixerSpec spec(int window, int features) {
        return new LizardSpec(variant(), window, features, 3, 4, 64, Branches.BOTH);
    }

    @Override
    boolean usesLayerInput() {
        return true;
    }

    /** The ring of w keys and values for each key head and the matrix [S | z] of 2 · 6 × (d + 1) for each head. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long ring = 2L * DIMS.keyHeads() * DIMS.headWidth() * window;
        long memory = DIMS.heads() * 12L * (DIMS.headWidth() + 1);
        return batch * (ring + memory) * Math.max(4, elementBytes);
    }

    @Override
    Twin twin(MixerSpec spec, Map<String, Tensor> parameters) {
        boolean shared = variant() == Variant.LITERAL;
        Tensor sinks = parameters.get(Sinks.NAME);
        return (h, x, q, k, v) -> new LizardTwin(
                        (LizardSpec) spec,
                        Plain.matrix(
                                MixerSpec.need(parameters, LizardSpec.QUERY_MAP).select(0, h)),
                        Plain.matrix(
                                MixerSpec.need(parameters, LizardSpec.KEY_MAP).select(0, h)),
                        Plain.matrix(MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT))[shared ? 0 : h],
                        shared ? 0 : number(parameters, LizardSpec.GATE_BIAS, h),
                        sinks == null ? new double[0] : Plain.matrix(sinks)[shared ? 0 : h],
                        switch (variant()) {
                            case JOINT -> Math.exp(number(parameters, LizardSpec.WINDOW_LOGIT, h));
                            case SUM -> Plain.sigmoid(number(parameters, LizardSpec.MIX_LOGIT, h));
                            case LITERAL -> number(parameters, LizardSpec.ALPHA, 0);
                        })
                .run(x, q, k, v, FREQUENCIES);
    }

    @Override
    List<MixerSpec> furtherSpecs() {
        List<MixerSpec> specs = new ArrayList<>();
        specs.add(new LizardSpec(variant(), 4, 6, 0, 4, 64, Branches.BOTH));
        for (int window : windows()) {
            specs.add(new LizardSpec(variant(), window, 6, 3, 4, 64, Branches.WINDOW));
            specs.add(new LizardSpec(variant(), window, 6, 3, 4, 64, Branches.LINEAR));
            for (int first : new int[] {1, 3, 90}) {
                specs.add(new LizardSpec(variant(), window, first, 6, 3, 4, 64, Branches.BOTH));
            }
        }
        return specs;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.01, 0.5, 0.999, 1})
    void gatesFromClosedToOpenAreTheNaiveTwins(double gate) {
        MixerSpec spec = spec(4, 6);
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        double logit = Math.max(-1000, Math.min(1000, Math.log(gate / (1 - gate))));
        MixerInput in = input(DType.FLOAT64, 2, TOKENS);
        in.x().narrow(2, 0, 1).fill_(1); // so that the first weight acts as a bias
        MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT)
                .zero_()
                .narrow(1, 0, 1)
                .fill_(logit);
        if (parameters.containsKey(LizardSpec.GATE_BIAS)) {
            MixerSpec.need(parameters, LizardSpec.GATE_BIAS).zero_();
        }
        compare(spec, parameters, in, spec + " with gate " + gate);
    }

    @Tag("gpu")
    static class OnCuda extends LizardJointTest {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
