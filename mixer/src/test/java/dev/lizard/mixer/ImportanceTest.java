package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class ImportanceTest {
    private static final HeadDims DIMS = MixerUnderTest.DIMS;
    private static final int TOKENS = 170; // more than a stretch

    @Test
    void targetsAreTheMostThatLaterTokensPay() {
        RandomStream random = new RandomStream(20_260_615L);
        LizardSpec spec = new LizardSpec(
                Variant.JOINT, 5, 3, 6, 0, 4, 64, Branches.BOTH, Far.NONE, new SlotSpec(4, 7, SlotType.INT8, 0, 0));
        try (Scope scope = Scope.open();
                Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions at = Positions.start(rotary)) {
            MixerInput in = Fixtures.input(DIMS, 2, TOKENS, at, random);
            Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
            parameters.values().forEach(leaf -> leaf.requiresGrad(true));
            Importance found = spec.create(DIMS, parameters).importance(in).orElseThrow();
            double[][][][] expected = new double[1][2][DIMS.keyHeads()][];
            for (int b = 0; b < 2; b++) {
                for (int g = 0; g < DIMS.keyHeads(); g++) {
                    expected[0][b][g] = targets(in, b, g, 5, 3);
                }
            }
            assertThat(Fixtures.error(found.target().unsqueeze(0), Plain.tensor(expected)))
                    .isLessThan(1e-9);
            ExactTwin twin = LizardExactTest.twin(spec, parameters, 0);
            double[][][] k = {Plain.matrix(in.k(), 1, 0), Plain.matrix(in.k(), 1, 1)};
            double[][][] v = {Plain.matrix(in.v(), 1, 0), Plain.matrix(in.v(), 1, 1)};
            double score = twin.score(1, Plain.matrix(in.x().select(0, 1))[3 + 40], k, v, 3 + 40);
            assertThat(found.scores().select(0, 1).select(0, 1).doubles()[40]).isEqualTo(score, within());
            found.scores().sub(found.target()).square().mean().backward();
            parameters.forEach((name, leaf) -> assertThat(leaf.grad()).as(name).isNotNull());
        }
    }

    private static org.assertj.core.data.Offset<Double> within() {
        return org.assertj.core.data.Offset.offset(1e-9);
    }

    private static double[] targets(MixerInput in, int b, int g, int window, int first) {
        double[] most = new double[TOKENS - window - first];
        double[][] k = Plain.turned(Plain.matrix(in.k(), b, g), MixerTwinContract.FREQUENCIES);
        for (int h = g * DIMS.group(); h < (g + 1) * DIMS.group(); h++) {
            double[][] q = Plain.turned(Plain.matrix(in.q(), b, h), MixerTwinContract.FREQUENCIES);
            for (int t = 0; t < TOKENS; t++) {
                double sum = 0;
                double[] weight = new double[t + 1];
                for (int j = 0; j <= t; j++) {
                    weight[j] = Math.exp(Plain.dot(q[t], k[j]) / Math.sqrt(DIMS.headWidth()));
                    sum += weight[j];
                }
                for (int j = first; j <= t - window; j++) {
                    most[j - first] = Math.max(most[j - first], weight[j] / sum);
                }
            }
        }
        for (int j = 0; j < most.length; j++) {
            most[j] = Math.log(most[j] + 1e-4);
        }
        return most;
    }

    @Test
    void whoJudgesNothingSaysSo() {
        try (Scope scope = Scope.open();
                Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions at = Positions.start(rotary)) {
            MixerInput in = Fixtures.to(DType.FLOAT32, Fixtures.input(DIMS, 1, 9, at, new RandomStream(1)));
            assertThat(new WindowSpec(2, 0).create(DIMS, Map.of()).importance(in))
                    .isEmpty();
            assertThat(new SoftmaxSpec().create(DIMS, Map.of()).importance(in)).isEmpty();
        }
    }
}
