package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SpreadTest {
    @Test
    void middleAndEndsInAnyOrder() {
        assertThat(Spread.of(3, 1, 10)).isEqualTo(new Spread(1, 3, 10));
        assertThat(Spread.of(4, 1, 10, 3)).isEqualTo(new Spread(1, 3.5, 10));
        assertThat(Spread.of(7)).isEqualTo(new Spread(7, 7, 7));
        assertThatThrownBy(Spread::of).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void leavesItsNumbersAsTheyAre() {
        double[] values = {2, 1};
        Spread.of(values);
        assertThat(values).containsExactly(2, 1);
    }
}
