package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What every mixer promises, as tests that each mixer's test class inherits: one law in three forms, causal, resumable
 * at any split, honest about its state's bytes and, here, with exact gradients.
 */
abstract class MixerContract extends MixerRowsContract {
    private static final HeadDims SMALL = new HeadDims(3, 2, 1, 4);

    @Test
    void gradientsOfParametersAndInputsAreThoseOfFiniteDifferences() {
        for (int window : windows()) {
            if (window <= 4) {
                MixerSpec spec = spec(window, 3);
                Map<String, Tensor> parameters = Fixtures.parameters(spec, SMALL, random);
                Map<String, Tensor> tensors = new LinkedHashMap<>(parameters);
                tensors.keySet().removeIf(name -> !learnsByOutputs(name));
                try (Rotary small = Rotary.plain(100, SMALL.headWidth());
                        Positions whole = Positions.start(small)) {
                    MixerInput in = Fixtures.input(SMALL, 1, 7, whole, random);
                    Map<String, Tensor> inputs = leaves(in);
                    inputs.keySet().removeIf(name -> !uses(name));
                    tensors.putAll(inputs);
                    for (Form form : TRAINABLE) {
                        FiniteDifferences.check(
                                "%s, window %d".formatted(form, window),
                                tensors,
                                t -> spec.create(SMALL, with(parameters, t))
                                        .forward(
                                                new MixerInput(
                                                        t.getOrDefault("x", in.x()),
                                                        t.getOrDefault("q", in.q()),
                                                        t.getOrDefault("k", in.k()),
                                                        MixerSpec.need(t, "v"),
                                                        whole),
                                                form),
                                seed);
                    }
                }
            }
        }
    }

    private static Map<String, Tensor> with(Map<String, Tensor> parameters, Map<String, Tensor> leaves) {
        Map<String, Tensor> all = new LinkedHashMap<>(parameters);
        all.putAll(leaves);
        return all;
    }

    /** Whether a parameter has a gradient of what the mixer puts out. */
    boolean learnsByOutputs(String parameter) {
        return true;
    }

    /** Whether an input of this name matters, and has a gradient. */
    boolean uses(String input) {
        return !input.equals("x") || usesLayerInput();
    }

    /** Whether x matters, as it does to gates. */
    boolean usesLayerInput() {
        return false;
    }

    @Test
    void gradientsOfAContinuationFlowThroughItsOwnTokens() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            for (long length : new long[] {1, 9}) {
                try (Scope scope = Scope.open()) {
                    MixerInput in = input(DType.FLOAT64, 1, 30);
                    MixerInput past = in.slice(0, 30 - length, start);
                    Map<String, Tensor> whole = leaves(in.slice(30 - length, length, start));
                    MixerInput rest = of(whole);
                    mixer.forward(join(past, rest), Form.PARALLEL)
                            .narrow(2, 30 - length, length)
                            .square()
                            .sum()
                            .backward();
                    Map<String, Tensor> tail = new LinkedHashMap<>();
                    whole.forEach(
                            (name, leaf) -> tail.put(name, leaf.detach().copy().requiresGrad(true)));
                    try (Fixtures.Running state = Fixtures.state(mixer, in)) {
                        state.advance(mixer, past, rotary);
                        state.advance(mixer, of(tail), rotary).square().sum().backward();
                        state.state()
                                .tensors()
                                .values()
                                .forEach(t -> assertThat(t.requiresGrad()).isFalse());
                    }
                    tail.forEach((name, leaf) -> {
                        Tensor expected = MixerSpec.need(whole, name).grad();
                        if (expected != null) {
                            assertThat(leaf.grad()).as(name).isNotNull();
                            assertThat(Fixtures.error(leaf.grad(), expected))
                                    .as("%s, window %d, %d tokens", name, window, length)
                                    .isLessThan(1e-9);
                        }
                    });
                }
            }
        }
    }
}
