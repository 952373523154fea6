package dev.lizard.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LizardSizesTest {
    /** The expected numbers are the constants of the compiled source. */
    @ParameterizedTest
    @CsvSource({
        "64, 64, 128, 109840, 8324",
        "128, 64, 128, 216336, 16516",
        "64, 32, 64, 76816, 4164",
        "64, 128, 96, 151312, 16644",
        "128, 32, 80, 183312, 8260"
    })
    void agreeWithTheSource(int width, int half, int window, int shared, int carry) {
        LizardSizes sizes = new LizardSizes(width, half, window);
        assertThat(sizes.served()).isTrue();
        assertThat(sizes.forwardShared()).isEqualTo(shared);
        assertThat(sizes.carryFloats()).isEqualTo(carry);
    }

    @Test
    void otherSizesAreNotServed() {
        assertThat(new LizardSizes(128, 128, 128).served()).isFalse();
        assertThat(new LizardSizes(80, 64, 128).served()).isFalse();
        assertThat(new LizardSizes(64, 64, 100).served()).isFalse();
        assertThat(new LizardSizes(64, 64, 256).served()).isFalse();
        assertThat(LizardForward.serves(Device.CPU, 64, 64, 128)).isFalse();
    }
}
