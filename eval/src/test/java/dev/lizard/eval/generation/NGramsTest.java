package dev.lizard.eval.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.eval.result.Repetition;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NGramsTest {
    /** a b a b a c: 1-grams abc of 6; 2-grams ab ba ac of 5; 3-grams aba bab bac of 4; 4-grams abab baba abac of 3. */
    private static final int[] TEXT = {1, 2, 1, 2, 1, 3};

    @Test
    void distinctNGramsAreCountedOnce() {
        assertThat(IntStream.rangeClosed(1, 4).map(n -> NGrams.distinct(TEXT, n)))
                .containsExactly(3, 3, 3, 3);
        assertThat(IntStream.rangeClosed(1, 7).map(n -> NGrams.count(TEXT, n))).containsExactly(6, 5, 4, 3, 2, 1, 0);
        assertThat(NGrams.distinct(TEXT, 7)).isZero();
    }

    @Test
    void tokensOfWhatWasThereBeforeAreRepeated() {
        assertThat(NGrams.repeated(TEXT, 2))
                .as("the second ab and ba: places 2, 3, 4")
                .isEqualTo(3);
        assertThat(NGrams.repeated(TEXT, 4)).isZero();
        assertThat(NGrams.repeated(new int[] {7, 7, 7, 7, 7, 7}, 4))
                .as("places 1 to 5")
                .isEqualTo(5);
        assertThat(NGrams.repeated(new int[] {1, 2}, 4)).isZero();
    }

    @Test
    void theLongestLoopIsFoundWithItsShortestPeriod() {
        assertThat(NGrams.longestLoop(TEXT)).isEqualTo(new NGrams.Loop(5, 2)); // a b a b a
        assertThat(NGrams.longestLoop(new int[] {7, 7, 7, 7})).isEqualTo(new NGrams.Loop(4, 1));
        assertThat(NGrams.longestLoop(new int[] {1, 2, 3, 4})).isEqualTo(new NGrams.Loop(0, 0));
        assertThat(NGrams.longestLoop(new int[] {9, 1, 2, 3, 1, 2, 3, 8})).isEqualTo(new NGrams.Loop(6, 3));
        assertThat(NGrams.longestLoop(new int[] {1, 2, 3, 1, 2}))
                .as("never whole twice")
                .isEqualTo(new NGrams.Loop(0, 0));
    }

    @Test
    void sharesOfSeveralTextsWeighTheirNGrams() {
        Repetition found = RepetitionMeter.measure("m", List.of(TEXT, new int[] {4, 4, 4, 4, 4, 4}));
        assertThat(found.tokens()).isEqualTo(12);
        assertThat(found.distinct()).containsExactly(4 / 12.0, 4 / 10.0, 4 / 8.0, 4 / 6.0);
        assertThat(found.repeated()).isEqualTo(5 / 12.0);
        assertThat(found.longestLoop()).isEqualTo(6);
        assertThat(found.period()).isEqualTo(1);
        // distinct-1: sums 3 and 1 over 6 and 6, r = 1/3: residuals 1 and −1, se = √(2 · 2) / 12.
        assertThat(found.distinctError().getFirst()).isCloseTo(2 / 12.0, within(1e-12));
        assertThat(RepetitionMeter.measure("m", List.of(TEXT)).repeatedError()).isNull();
    }
}
