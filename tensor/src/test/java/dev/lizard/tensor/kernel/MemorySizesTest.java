package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemorySizesTest {
    /** The expected numbers are the constants of the compiled source. */
    @ParameterizedTest
    @CsvSource({
        "64, 64, false, 42240, 33024, 67872",
        "64, 128, false, 42240, 33024, 67872",
        "128, 256, false, 66816, 49408, 100640",
        "64, 64, true, 77056, 50432, 124192",
        "128, 128, true, 101632, 66816, 156960"
    })
    void agreeWithTheSource(int width, int features, boolean byRow, int states, int outputs, int gradients) {
        MemorySizes sizes = new MemorySizes(width, features, byRow);
        assertThat(sizes.served()).isTrue();
        assertThat(sizes.states()).isEqualTo(states);
        assertThat(sizes.outputs()).isEqualTo(outputs);
        assertThat(sizes.gradients()).isEqualTo(gradients);
    }

    @Test
    void otherSizesAreNotServed() {
        assertThat(new MemorySizes(80, 64, false).served()).isFalse();
        assertThat(new MemorySizes(64, 96, false).served()).isFalse();
        assertThat(new MemorySizes(64, 320, false).served()).isFalse();
        assertThat(MemoryInputs.serves(Device.CPU, DType.BFLOAT16, 64, 64, false))
                .isFalse();
    }
}
