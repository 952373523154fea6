package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class QuantilesTest {
    @Test
    void middleAndEndsInAnyOrder() {
        assertThat(Quantiles.of(3, 1, 10)).isEqualTo(new Quantiles(1, 3, 10));
        assertThat(Quantiles.of(4, 1, 10, 3)).isEqualTo(new Quantiles(1, 3.5, 10));
        assertThat(Quantiles.of(7)).isEqualTo(new Quantiles(7, 7, 7));
        assertThatThrownBy(Quantiles::of).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void leavesItsNumbersAsTheyAre() {
        double[] values = {2, 1};
        Quantiles.of(values);
        assertThat(values).containsExactly(2, 1);
    }
}
