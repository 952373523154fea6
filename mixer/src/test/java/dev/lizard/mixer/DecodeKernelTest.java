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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The decoding kernel against the mixer's steps on the CPU: outputs and state, across the window's border. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class DecodeKernelTest {
    private static final Device CUDA = Device.cuda(0);

    @ParameterizedTest
    @CsvSource({
        "64, 64, 9, 3, 128, 1, 2, FLOAT32",
        "64, 64, 9, 3, 16, 60, 0, FLOAT32",
        "64, 32, 2, 2, 1, 2, 3, FLOAT32",
        "64, 128, 4, 1, 20, 3, 0, FLOAT32",
        "128, 64, 4, 2, 24, 2, 4, FLOAT32",
        "128, 128, 3, 3, 7, 90, 0, FLOAT32",
        "64, 64, 9, 3, 64, 2, 0, BFLOAT16",
        "128, 64, 8, 8, 32, 40, 2, BFLOAT16",
        "64, 64, 9, 3, 100, 5, 0, BFLOAT16",
        "64, 64, 9, 3, 300, 1, 0, FLOAT32",
        "64, 32, 4, 2, 200, 40, 0, FLOAT32",
        "128, 128, 4, 1, 70, 12, 0, FLOAT32",
        "128, 32, 16, 2, 300, 40, 0, BFLOAT16"
    })
    void outputsAndStateAreThoseOfTheCpu(
            int width, int half, int heads, int groups, int window, int batch, int meta, DType dtype) {
        long seed = System.nanoTime();
        System.out.printf("seed %d%n", seed);
        RandomStream random = new RandomStream(seed);
        HeadDims dims = new HeadDims(96, heads, groups, width);
        LizardSpec spec = new LizardSpec(Variant.JOINT, window, half, meta, 4, 64, Branches.BOTH);
        int steps = Math.min(2 * window + 5, 60);
        int before = Math.max(0, window - steps / 2); // so that the window fills on the way
        try (Scope owner = Scope.owner();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, width);
                Positions start = Positions.start(rotary)) {
            Map<String, Tensor> parameters = Fixtures.to(DType.FLOAT32, Fixtures.parameters(spec, dims, random));
            MixerInput in = Fixtures.to(dtype, Fixtures.input(dims, batch, before + steps, start, random));
            Mixer cpu = spec.create(dims, parameters);
            Map<String, Tensor> there = new LinkedHashMap<>();
            parameters.forEach((name, tensor) -> there.put(name, tensor.to(CUDA)));
            Mixer cuda = spec.create(dims, there).frozen(dtype, owner);
            try (Fixtures.Running expected = Fixtures.state(cpu, in);
                    Fixtures.Running actual = Fixtures.state(cuda, in, CUDA)) {
                for (int row = 0; row < batch; row++) { // each row begins where it will
                    int own = before == 0 ? 0 : (before + 7 * row) % (before + 1);
                    begin(cpu, in, row, own, expected, Device.CPU);
                    begin(cuda, in, row, own, actual, CUDA);
                }
                double worst = 0;
                for (int t = before; t < before + steps; t++) {
                    try (Scope step = Scope.open()) {
                        Tensor right = expected.advance(cpu, in.slice(t, 1, start), rotary);
                        Tensor found = actual.advance(cuda, on(CUDA, in.slice(t, 1, start)), rotary);
                        worst = Math.max(worst, Fixtures.error(found.to(Device.CPU), right));
                    }
                }
                double worstState = 0;
                for (String name : List.of(KeyRing.KEYS, KeyRing.VALUES, LinearBranch.MEMORY)) {
                    Tensor found = actual.state().get(name).to(Device.CPU);
                    worstState = Math.max(
                            worstState, Fixtures.error(found, expected.state().get(name)));
                }
                System.out.printf(
                        "d %d f %d H %d G %d w %d B %d %s: outputs %.2e, state %.2e%n",
                        width, 2 * half, heads, groups, window, batch, dtype, worst, worstState);
                assertThat(worst).isLessThan(dtype == DType.FLOAT32 ? 2e-5 : 1e-2);
                assertThat(worstState).isLessThan(2e-5);
            }
        }
    }

    /** Lets row {@code row} read its first {@code tokens}. */
    private static void begin(Mixer mixer, MixerInput in, int row, int tokens, Fixtures.Running rows, Device device) {
        if (tokens > 0) {
            MixerInput own = on(device, in.slice(0, tokens, in.at()).row(row, in.at()));
            try (Scope work = Scope.open();
                    Fixtures.Running alone = Fixtures.state(mixer, own)) {
                alone.advance(mixer, own, in.at().rotary());
                rows.state().put(row, alone.state(), 0);
                rows.read()[row] = tokens;
            }
        }
    }

    private static MixerInput on(Device device, MixerInput in) {
        return new MixerInput(
                in.x().contiguous().to(device),
                in.q().contiguous().to(device),
                in.k().contiguous().to(device),
                in.v().contiguous().to(device),
                in.at());
    }
}
