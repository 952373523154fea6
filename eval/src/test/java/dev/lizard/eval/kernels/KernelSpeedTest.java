package dev.lizard.eval.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import org.junit.jupiter.api.Test;

class KernelSpeedTest {
    private static final KernelShape SHAPE = KernelShape.parse("16,9,3,2048,64,64,128");
    private static final KernelWork WORK = new KernelWork(3e12, 2e9);

    @Test
    void medianAndSpreadAndTheSharesOfThePeaks() {
        KernelSpeed speed = KernelSpeed.of(
                "lizard_forward",
                SHAPE,
                WORK,
                new double[] {5, 3, 9, 3},
                new KernelSpeed.Place("cuda:0", "card", 1000.0, 4.0));
        assertThat(speed.ms()).isEqualTo(4);
        assertThat(speed.fastestMs()).isEqualTo(3);
        assertThat(speed.slowestMs()).isEqualTo(9);
        assertThat(speed.tflops()).isEqualTo(750);
        assertThat(speed.ofPeakTflops()).isEqualTo(0.75);
        assertThat(speed.tbPerS()).isEqualTo(0.5);
        assertThat(speed.ofPeakTbPerS()).isEqualTo(0.125);
    }

    @Test
    void aLineHasNoShareWithoutAPeak() {
        KernelSpeed speed = KernelSpeed.of(
                "lizard_decode", SHAPE, WORK, new double[] {2}, new KernelSpeed.Place("cuda:1", "card", null, null));
        assertThat(Json.line(speed))
                .isEqualTo("{\"case\":\"kernels\",\"kernel\":\"lizard_decode\",\"shape\":{\"batch\":16,\"heads\":9,"
                        + "\"key_heads\":3,\"tokens\":2048,\"width\":64,\"half\":64,\"window\":128},"
                        + "\"device\":\"cuda:1\",\"card\":\"card\",\"runs\":1,\"ms\":2.0,\"fastest_ms\":2.0,"
                        + "\"slowest_ms\":2.0,\"tflops\":1500.0,\"tb_per_s\":1.0}");
    }
}
