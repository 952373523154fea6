package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
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

    /** 132 multiprocessors; heads of 64, then of 128. */
    @ParameterizedTest
    @CsvSource({
        "64, 36, 8192, 512",
        "64, 144, 2048, 512",
        "64, 200, 2048, 2048",
        "64, 36, 65536, 4096",
        "64, 9, 8192, 320",
        "64, 36, 500, 500",
        "64, 9, 0, 1",
        "128, 512, 2048, 2048",
        "128, 32, 8192, 2048"
    })
    void fewHeadsWalkInStretches(int width, int heads, int tokens, int length) {
        assertThat(new LizardSizes(width, 64, 128).stretch(132, heads, tokens)).isEqualTo(length);
    }

    @Test
    void otherSizesAreNotServed() {
        assertThat(new LizardSizes(128, 128, 128).served()).isFalse();
        assertThat(new LizardSizes(80, 64, 128).served()).isFalse();
        assertThat(new LizardSizes(64, 64, 100).served()).isFalse();
        assertThat(new LizardSizes(64, 64, 256).served()).isFalse();
        assertThat(LizardForward.serves(Device.CPU, DType.BFLOAT16, 64, 64, 128))
                .isFalse();
    }
}
