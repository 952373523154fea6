package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Slots of whole numbers, and a memory of what they lose. */
class LizardExactInt8Test extends LizardExactFarTest {
    @Override
    SlotSpec exact(int slots, int limit) {
        return new SlotSpec(slots, 7, SlotType.INT8, limit, limit == 0 ? 0 : 500);
    }

    @Override
    List<Integer> windows() {
        return List.of(1, 16);
    }

    /** A slot: key and value of one byte a number, a score, two scales, a position. */
    @Override
    long stateBytes(int window, int batch, long tokens, int elementBytes) {
        long wide = Math.max(4, elementBytes);
        long model = SLOTS * (2L * DIMS.headWidth() * elementBytes + wide + 4);
        long int8 = SLOTS * (2L * DIMS.headWidth() + 3 * wide + 4);
        return super.stateBytes(window, batch, tokens, elementBytes) + batch * DIMS.keyHeads() * (int8 - model);
    }

    /** Rounding is no function to differentiate: gradients pass it, in all forms alike. */
    @Test
    @Override
    void gradientsOfParametersAndInputsAreThoseOfFiniteDifferences() {
        MixerSpec spec = spec(4, 6);
        MixerSpec smooth = new LizardExactFarTest().spec(4, 6);
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        MixerInput in = input(DType.FLOAT64, 1, 40);
        Map<String, Tensor> parallel = gradients(spec, parameters, in, Form.PARALLEL);
        Map<String, Tensor> chunk = gradients(spec, parameters, in, Form.CHUNK);
        Map<String, Tensor> unrounded = gradients(smooth, parameters, in, Form.CHUNK);
        assertThat(parallel).hasSize(9).containsOnlyKeys(chunk.keySet());
        parallel.forEach((name, gradient) -> {
            assertThat(Fixtures.error(MixerSpec.need(chunk, name), gradient))
                    .as(name)
                    .isLessThan(1e-9);
            assertThat(Fixtures.error(MixerSpec.need(unrounded, name), gradient))
                    .as(name)
                    .isBetween(1e-6, 0.05);
        });
    }

    private Map<String, Tensor> gradients(MixerSpec spec, Map<String, Tensor> parameters, MixerInput in, Form form) {
        Map<String, Tensor> own = new LinkedHashMap<>();
        parameters.forEach(
                (name, t) -> own.put(name, t.detach().copy().to(device()).requiresGrad(true)));
        Map<String, Tensor> leaves = leaves(new MixerInput(
                in.x().copy(), in.q().copy(), in.k().copy(), in.v().copy(), start));
        spec.create(DIMS, own).forward(of(leaves), form).square().sum().backward();
        leaves.putAll(own);
        Map<String, Tensor> found = new LinkedHashMap<>();
        leaves.forEach((name, leaf) -> {
            Tensor gradient = leaf.grad();
            if (gradient != null) {
                found.put(name, gradient);
            }
        });
        return found;
    }

    /** The matrix is that of the weights; values that it is taken with are not rounded. */
    @Test
    @Override
    void theMaterialisedMatrixTimesTheValuesIsTheOutput() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            MixerInput in = input(DType.FLOAT64, 2, 37);
            Tensor matrix = mixer.materialize(in);
            assertThat(matrix.triu(1).abs().amax().item()).isZero();
            Tensor y = matrix.matmul(in.v().repeatInterleave(DIMS.group(), 1));
            assertThat(Fixtures.error(y, mixer.forward(in, Form.PARALLEL))).isLessThan(5e-3);
        }
    }

    @Tag("gpu")
    static class OnCuda extends LizardExactInt8Test {
        @Override
        Device device() {
            return Device.cuda(0);
        }
    }
}
