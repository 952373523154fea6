package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class RotaryTest {
    private static final double[] FREQUENCIES = {1, 0.1, 0.01, 0.001};

    private final RandomStream random = new RandomStream(Long.getLong("lizard.test.seed", 5L));

    @Test
    void turningBackUndoesATurnWithAScaleToo() {
        try (Rotary scaled = new Rotary(FREQUENCIES, 1.25)) {
            for (long tokens : new long[] {1, 5}) {
                Tensor x = Tensors.of(random.normal((int) (2 * 3 * tokens * 8), 1), 2, 3, tokens, 8);
                Rotary.Waves waves = scaled.waves(1_000_000, tokens, x.dtype(), x.device());
                Tensor turned = scaled.turned(x, waves, false);
                assertThat(Fixtures.error(scaled.turned(turned, waves, true), x))
                        .isLessThan(1e-6);
                assertThat(turned.norm().item() / x.norm().item()).isBetween(1.2499, 1.2501);
                for (int t = 0; t < tokens; t++) {
                    double[] right = Plain.turned(Plain.matrix(x, 1, 2)[t], FREQUENCIES, 1_000_000 + t);
                    double[] found = Plain.matrix(turned, 1, 2)[t];
                    for (int i = 0; i < 8; i++) {
                        assertThat(found[i]).isCloseTo(1.25 * right[i], within(1e-5));
                    }
                }
            }
        }
    }

    /** Constants of a device, a table of distances a type, and the last eight ranges: cos and sin each. */
    @Test
    void whatIsKeptIsBoundedHoweverManyRangesAreAskedFor() {
        long before = Scope.liveTensors();
        try (Rotary rotary = new Rotary(FREQUENCIES, 1)) {
            Device device = Device.CPU;
            rotary.frequencies(device);
            assertThat(Scope.liveTensors() - before).as("constants").isEqualTo(6);
            rotary.turns(device);
            assertThat(Scope.liveTensors() - before)
                    .as("and fractions of turns")
                    .isEqualTo(7);
            for (int length = 1; length <= 100; length++) {
                rotary.waves(3, length, DType.FLOAT32, device);
                rotary.waves(3, length, DType.FLOAT32, device);
                assertThat(Scope.liveTensors() - before)
                        .as("and %d ranges", length)
                        .isEqualTo(7 + 2 * Math.min(length, 8));
            }
            try (Scope work = Scope.open()) {
                for (long distance = 0; distance < 5; distance++) {
                    rotary.behind(Tensors.of(new long[] {distance}, 1), 1_000, DType.FLOAT32);
                }
            }
            assertThat(Scope.liveTensors() - before).as("and one table").isEqualTo(7 + 16 + 2);
        }
        assertThat(Scope.liveTensors()).isEqualTo(before);
    }

    /** A table of the first distances, and two turns one after the other beyond it. */
    @Test
    void turnsOfDistancesAreThoseOfTheirAnglesHoweverFar() {
        for (double scale : new double[] {1, 1.3}) {
            try (Scope scope = Scope.open();
                    Rotary rotary = new Rotary(new double[] {1, 0.1, 1e-3}, scale)) {
                for (DType dtype : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
                    for (long most : new long[] {4000, 4095, 4096, 1_000_000, Long.MAX_VALUE}) {
                        long farthest = Math.min(most, 1_000_000);
                        Tensor distances = Tensors.of(new long[] {0, 1, 3999, farthest - 1, farthest, 77}, 2, 3);
                        Rotary.Waves waves = rotary.behind(distances, most, dtype);
                        Rotary.Waves right = rotary.waves(distances.neg(), DType.FLOAT64);
                        double tolerance = dtype == DType.FLOAT64 ? 1e-9 : 1e-6;
                        assertThat(waves.cos().shape()).containsExactly(2, 3, 6);
                        assertThat(waves.cos()
                                        .to(DType.FLOAT64)
                                        .sub(right.cos())
                                        .abs()
                                        .amax()
                                        .item())
                                .isLessThan(tolerance);
                        assertThat(waves.sin()
                                        .to(DType.FLOAT64)
                                        .sub(right.sin())
                                        .abs()
                                        .amax()
                                        .item())
                                .isLessThan(tolerance);
                    }
                }
            }
        }
    }
}
