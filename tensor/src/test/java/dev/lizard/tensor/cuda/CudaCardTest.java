package dev.lizard.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class CudaCardTest {
    /** The numbers that its driver gives. */
    private static final CudaCard H100 = new CudaCard(card("H100", 90, 132), 1_980_000, 2_619_000, 5120);

    private static Card card(String name, int capability, int multiprocessors) {
        return new Card(name, capability, 99 * 1024, multiprocessors, List.of(capability));
    }

    @Test
    void peaksFollowFromClocksAndWidths() {
        assertThat(H100.peakTflops().orElseThrow()).isCloseTo(132 * 1.98e9 * 4096 / 1e12, within(1e-9));
        assertThat(H100.peakTerabytes().orElseThrow()).isCloseTo(2 * 2.619e9 * 640 / 1e12, within(1e-9));
        CudaCard a100 = new CudaCard(card("A100", 80, 108), 1_410_000, 1_215_000, 5120);
        assertThat(a100.peakTflops().orElseThrow()).isCloseTo(312, within(0.5)); // as its data sheet says
    }

    @Test
    void whatIsNotKnownIsNotGuessed() {
        CudaCard other = new CudaCard(card("other", 89, 128), 2_520_000, 0, 384);
        assertThat(other.peakTflops()).isEmpty();
        assertThat(other.peakTerabytes()).isEmpty();
    }
}
