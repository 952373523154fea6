package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** On sequences no longer than the window a converted layer is the softmax layer it came from, gradients included. */
@ExtendWith(LiveTensors.class)
class ConversionIdentityTest {
    private static final HeadDims DIMS = MixerContract.DIMS;
    private static final int TOKENS = 23;

    private final RandomStream random = new RandomStream(3);

    @Test
    void withinItsWindowAConvertedLayerIsTheSoftmaxLayer() {
        Mixer softmax = new SoftmaxSpec().create(DIMS, Map.of());
        for (int window : new int[] {TOKENS, TOKENS + 1, 64}) {
            for (MixerSpec spec : List.of(
                    new LizardSpec(Variant.JOINT, window, 6, 0, 32, 2048, Branches.BOTH),
                    new LolcatsSpec(window, 6, Branches.BOTH),
                    new WindowSpec(window, 0))) {
                Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
                compare(softmax, spec, parameters, DType.FLOAT64, 1e-12);
                compare(softmax, spec, parameters, DType.FLOAT32, 1e-5);
            }
        }
    }

    private void compare(Mixer softmax, MixerSpec spec, Map<String, Tensor> parameters, DType dtype, double tolerance) {
        Mixer mixer = spec.create(DIMS, Fixtures.to(dtype, parameters));
        for (Form form : List.of(Form.PARALLEL, Form.CHUNK)) {
            try (Scope scope = Scope.open();
                    Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                    Positions start = Positions.start(rotary)) {
                MixerInput in = Fixtures.to(dtype, Fixtures.input(DIMS, 2, TOKENS, start, random));
                MixerInput own = leaves(in);
                MixerInput teachers = leaves(in);
                Tensor y = mixer.forward(own, form);
                Tensor right = softmax.forward(teachers, Form.CHUNK);
                assertThat(Fixtures.error(y, right))
                        .as("%s, %s, %s", spec, form, dtype)
                        .isLessThan(tolerance);
                y.square().sum().backward();
                right.square().sum().backward();
                assertSame(own.q(), teachers.q(), tolerance, "q of " + spec);
                assertSame(own.k(), teachers.k(), tolerance, "k of " + spec);
                assertSame(own.v(), teachers.v(), tolerance, "v of " + spec);
            }
        }
    }

    private static void assertSame(Tensor own, Tensor teachers, double tolerance, String what) {
        Tensor gradient = own.grad();
        Tensor right = teachers.grad();
        assertThat(gradient).as(what).isNotNull();
        assertThat(right).as(what).isNotNull();
        assertThat(Fixtures.error(gradient, right)).as("gradient of %s", what).isLessThan(tolerance);
    }

    private static MixerInput leaves(MixerInput in) {
        return new MixerInput(
                in.x(),
                in.q().copy().requiresGrad(true),
                in.k().copy().requiresGrad(true),
                in.v().copy().requiresGrad(true),
                in.at());
    }
}
