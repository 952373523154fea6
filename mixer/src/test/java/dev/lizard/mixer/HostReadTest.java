package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loops on the host against operations over all keys, which steps are where the device alone knows the positions. */
@ExtendWith(LiveTensors.class)
class HostReadTest {
    /** Rows stand apart; distances go beyond the first table of angles, slots overflow, heads have several tiles. */
    @ParameterizedTest
    @CsvSource({
        "64, 6, 2, 40, 4, 150, INT8, 0, 9000",
        "64, 9, 3, 70, 0, 33, MODEL, 5000, 9000",
        "10, 4, 4, 5, 3, 1, INT8, 9, 40",
        "6, 2, 1, 33, 2, 64, MODEL, 0, 40",
        "64, 4, 2, 8, 2, 0, INT8, 20, 300"
    })
    void resultsAreThoseOfOperations(
            int width, int heads, int groups, int window, int first, int slots, SlotType type, int limit, int later) {
        RandomStream random = new RandomStream(20_261_201L);
        HeadDims dims = new HeadDims(24, heads, groups, width);
        LizardSpec spec = new LizardSpec(
                Variant.JOINT,
                window,
                first,
                6,
                2,
                4,
                64,
                Branches.BOTH,
                Far.NONE,
                new SlotSpec(slots, 8, type, limit, 0));
        long filled = window + first + slots;
        long[] read = {later + filled + 20, Math.max(1, later + filled - 9)};
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = new Rotary(frequencies(width), 1.25);
                Positions start = Positions.start(rotary)) {
            Mixer mixer = spec.create(dims, Fixtures.to(DType.FLOAT32, Fixtures.parameters(spec, dims, random)));
            MixerInput past = Fixtures.to(DType.FLOAT32, Fixtures.input(dims, 2, filled + 20, start, random));
            try (MixerState known = mixer.newState(2, DType.FLOAT32, Device.CPU)) {
                mixer.advance(past, known);
                try (MixerState blind = known.fork()) {
                    for (int t = 0; t < 30; t++) {
                        MixerInput in = Fixtures.to(DType.FLOAT32, Fixtures.input(dims, 2, 1, start, random));
                        try (Positions there = Positions.of(rotary, read);
                                Positions device = Positions.on(rotary, Tensors.of(read, 2), 0)) {
                            assertThat(HostRead.serves(
                                            spec.exact().beside(new KeyRing(window, first)), known, at(in, there)))
                                    .isTrue();
                            Tensor y = mixer.step(at(in, there), known);
                            assertThat(Fixtures.error(y, mixer.step(at(in, device), blind)))
                                    .as("token %d", t)
                                    .isLessThan(2e-5);
                        }
                        read[0]++;
                        read[1]++;
                    }
                    known.tensors()
                            .forEach((name, tensor) -> assertThat(tensor.doubles())
                                    .as(name)
                                    .containsExactly(blind.get(name).doubles()));
                }
            }
        }
    }

    private static MixerInput at(MixerInput in, Positions there) {
        return new MixerInput(in.x(), in.q(), in.k(), in.v(), there);
    }

    private static double[] frequencies(int width) {
        double[] frequencies = new double[width / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(10_000, -2.0 * i / width);
        }
        return frequencies;
    }
}
