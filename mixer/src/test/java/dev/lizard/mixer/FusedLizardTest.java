package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The CUDA kernel against the composed operations in float64 on the CPU, from the same bfloat16 inputs. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class FusedLizardTest {
    private static final Device CUDA = Device.cuda(0);
    private static final double LIMIT = 0.005; // rounding of products' inputs and of y to bfloat16

    private final RandomStream random = new RandomStream(Long.getLong("lizard.test.seed", 20_260_101L));

    private static double ratio(Tensor actual, Tensor expected) {
        assertThat(actual.shape()).containsExactly(expected.shape());
        Tensor right = expected.to(Device.CPU).to(DType.FLOAT64);
        Tensor difference = actual.to(Device.CPU).to(DType.FLOAT64).sub(right);
        double error = Math.sqrt(
                difference.mul(difference).sum().item() / right.mul(right).sum().item());
        System.out.printf("||x - reference|| / ||reference|| = %.5f%n", error);
        return error;
    }

    private static MixerInput onCard(MixerInput in) {
        return new MixerInput(
                in.x().to(CUDA), in.q().to(CUDA), in.k().to(CUDA), in.v().to(CUDA), in.at());
    }

    private static Map<String, Tensor> onCard(Map<String, Tensor> parameters) {
        Map<String, Tensor> result = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> result.put(name, tensor.to(CUDA)));
        return result;
    }

    private void agrees(LizardSpec spec, HeadDims dims, long tokens, long... pieces) {
        try (Gradients off = Gradients.off();
                Scope kept = Scope.owner();
                Rotary rotary = Rotary.plain(10_000, dims.headWidth());
                Positions start = Positions.start(rotary)) {
            Map<String, Tensor> parameters = Fixtures.to(DType.FLOAT32, Fixtures.parameters(spec, dims, random));
            MixerInput in = Fixtures.to(DType.BFLOAT16, Fixtures.input(dims, 2, tokens, start, random));
            Mixer reference = spec.create(dims, Fixtures.to(DType.FLOAT64, parameters));
            Mixer fused = spec.create(dims, onCard(parameters)).frozen(DType.BFLOAT16, kept);
            MixerInput card = onCard(in);
            assertThat(fused instanceof Hybrid hybrid && LizardKernels.serves(hybrid.plan(), card))
                    .isTrue();
            Tensor expected = reference.parallel(Fixtures.to(DType.FLOAT64, in));
            assertThat(ratio(fused.parallel(card), expected)).isLessThan(LIMIT);
            try (Fixtures.Running state = Fixtures.state(fused, card)) {
                assertThat(ratio(Fixtures.advance(fused, card, state, pieces), expected))
                        .isLessThan(LIMIT);
            }
        }
    }

    private static LizardSpec spec(Variant variant, int window, int features, Branches branches) {
        return new LizardSpec(variant, window, features, 4, 32, 512, branches);
    }

    @Test
    void jointAtTheSizesOfSmolLm() {
        agrees(spec(Variant.JOINT, 128, 64, Branches.BOTH), new HeadDims(96, 9, 3, 64), 700, 50, 1, 100, 400, 1, 148);
    }

    @Test
    void jointWithWideHeads() {
        agrees(spec(Variant.JOINT, 64, 64, Branches.BOTH), new HeadDims(96, 4, 4, 128), 500, 2, 300, 198);
    }

    @Test
    void sum() {
        agrees(spec(Variant.SUM, 64, 32, Branches.BOTH), new HeadDims(96, 4, 2, 64), 400, 130, 270);
    }

    @Test
    void windowAlone() {
        agrees(spec(Variant.JOINT, 128, 64, Branches.WINDOW), new HeadDims(96, 4, 2, 64), 400, 130, 270);
    }
}
