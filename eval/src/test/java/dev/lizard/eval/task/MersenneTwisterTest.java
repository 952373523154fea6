package dev.lizard.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Against values of Python 3.11's {@code random.Random}. */
class MersenneTwisterTest {
    @Test
    void wordsAreThoseOfPython() {
        assertThat(Integer.toUnsignedLong(new MersenneTwister(0).bits(32))).isEqualTo(3626764237L);
        assertThat(Integer.toUnsignedLong(new MersenneTwister(1234).bits(32))).isEqualTo(4150886329L);
        assertThat(Integer.toUnsignedLong(new MersenneTwister((1L << 40) + 7).bits(32)))
                .isEqualTo(2635837658L);
    }

    @Test
    void samplesAreThoseOfPythonOneAfterTheOther() {
        MersenneTwister random = new MersenneTwister(1234);
        assertThat(random.sample(7473, 5)).containsExactly(6374, 3610, 957, 61, 742);
        assertThat(random.sample(7473, 5)).containsExactly(7462, 6610, 4769, 286, 5501);
        assertThat(random.sample(7473, 5)).containsExactly(5677, 687, 806, 6279, 2905);
        assertThat(random.sample(7473, 5)).containsExactly(1939, 142, 252, 6461, 129);
        assertThat(random.sample(20, 5)).containsExactly(11, 15, 14, 4, 2);
        assertThat(random.sample(100, 10)).containsExactly(23, 91, 14, 1, 64, 62, 31, 8, 85, 69);
        assertThat(random.sample(3, 3)).containsExactly(1, 0, 2);
    }

    @Test
    void moreThanThereIsCannotBeDrawn() {
        MersenneTwister random = new MersenneTwister(0);
        assertThat(random.sample(3, 0)).isEqualTo(List.of());
        assertThatThrownBy(() -> random.sample(3, 4)).hasMessage("cannot draw 4 of 3");
    }
}
