package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.ProcessMemory;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Windows of thousands of tokens: a teacher's. */
@ExtendWith(LiveTensors.class)
class WideWindowTest {
    private static final HeadDims DIMS = new HeadDims(4, 2, 1, 8);

    private final RandomStream random = new RandomStream(7);

    @Test
    void stretchesOfQueriesSeeTheSameAsAllPairs() {
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions start = Positions.start(rotary)) {
            for (WindowSpec spec : new WindowSpec[] {new WindowSpec(700, 0), new WindowSpec(600, 9, 0)}) {
                Mixer mixer = spec.create(DIMS, Map.of());
                MixerInput in = Fixtures.input(DIMS, 2, 1700, start, random);
                Tensor expected = mixer.forward(in, Form.PARALLEL);
                assertThat(Fixtures.error(mixer.forward(in, Form.CHUNK), expected))
                        .isLessThan(1e-9);
                try (Fixtures.Running state = Fixtures.state(mixer, in)) {
                    assertThat(Fixtures.error(Fixtures.advance(mixer, in, state, 3, 900, 790, 7), expected))
                            .isLessThan(1e-9);
                }
            }
        }
    }

    /** All pairs of these tokens would be 2 GiB of scores in each of several tensors. */
    @Test
    void scoresOfAllPairsAreNeverHeld() {
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions start = Positions.start(rotary)) {
            Mixer mixer = new WindowSpec(9000, 0).create(DIMS, Map.of());
            MixerInput in = Fixtures.to(DType.FLOAT32, Fixtures.input(DIMS, 1, 16_384, start, random));
            long before = ProcessMemory.peakBytes().orElse(0);
            assertThat(mixer.forward(in, Form.CHUNK).allFinite()).isTrue();
            assertThat(ProcessMemory.peakBytes().orElse(0) - before).isLessThan(1L << 30);
        }
    }
}
