package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackwardSizesTest {
    /** The expected numbers are the constants of the compiled source. */
    @ParameterizedTest
    @CsvSource({
        "64, 64, 50436, 68608, 32768, 9344",
        "128, 64, 99588, 101376, 49152, 17536",
        "64, 32, 42244, 52224, 32768, 4736",
        "64, 96, 66820, 101376, 49152, 13952",
        "128, 128, 148740, 166912, 65536, 34944"
    })
    void agreeWithTheSource(int width, int half, int states, int pairs, int maps, int carry) {
        BackwardSizes sizes = new BackwardSizes(width, half);
        assertThat(sizes.states()).isEqualTo(states);
        assertThat(sizes.pairs()).isEqualTo(pairs);
        assertThat(sizes.maps()).isEqualTo(maps);
        assertThat(sizes.carry()).isEqualTo(carry);
    }

    @ParameterizedTest
    @CsvSource({"144, 32, 1", "36, 128, 5", "36, 16, 1", "9, 128, 16", "3, 8, 1", "66, 128, 3", "67, 128, 1"})
    void aSequenceIsCutWhereHeadsAreFew(int heads, int chunks, int stretches) {
        assertThat(new BackwardSizes(64, 64).stretches(132, heads, chunks)).isEqualTo(stretches);
    }

    @Test
    void otherSizesAreNotServed() {
        assertThat(LizardBackward.serves(Device.CPU, 64, 64)).isFalse();
    }

    @Test
    void wordsMustFillTheStruct() {
        try (Arena arena = Arena.ofConfined()) {
            ProblemWords words = new ProblemWords(arena, 24).number(7).ints(1, 2);
            assertThatThrownBy(words::done).hasMessage("16 of 24 bytes filled");
            assertThat(words.pointers((Tensor) null).done().byteSize()).isEqualTo(24);
        }
    }

    @Test
    void tensorsOfTheHostDoNotReachAKernel() {
        try (Arena arena = Arena.ofConfined();
                Scope work = Scope.open()) {
            Tensor host = Tensors.zeros(DType.FLOAT32, Device.CPU, 4);
            assertThat(work.size()).isPositive();
            assertThatThrownBy(() -> new ProblemWords(arena, 24).number(7).pointers(host))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("member at byte 8 lies in the host's memory");
        }
    }
}
