package dev.lizard.eval.recall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenRecallTest {
    @Test
    void everyKeyReturnsOnceAndAsksForItsValue() {
        Mqar task = new Mqar(256, 64);
        TokenRecall.Examples drawn = task.draw(3, 0, 40);
        for (int row = 0; row < 40; row++) {
            int[] ids = drawn.ids()[row];
            int[] labels = drawn.labels()[row];
            Map<Integer, Integer> pairs = new HashMap<>();
            for (int i = 0; i < 64; i++) {
                assertThat(ids[2 * i]).isBetween(1, 4095);
                assertThat(ids[2 * i + 1]).isBetween(4096, 8191);
                pairs.put(ids[2 * i], ids[2 * i + 1]);
            }
            assertThat(pairs).hasSize(64);
            assertThat(pairs.values()).doesNotHaveDuplicates();
            int[] asked = IntStream.range(0, 256)
                    .filter(t -> labels[t] != TokenRecall.IGNORE)
                    .toArray();
            assertThat(asked).hasSize(64);
            assertThat(IntStream.of(asked)).allMatch(t -> t >= 128 && t % 2 == 0);
            assertThat(Arrays.stream(asked).map(t -> ids[t])).containsExactlyInAnyOrderElementsOf(pairs.keySet());
            assertThat(IntStream.of(asked)).allMatch(t -> labels[t] == pairs.get(ids[t]));
        }
    }

    @Test
    void withoutFillerNothingElseIsSaid() {
        TokenRecall.Examples drawn = new Mqar(256, 64, 8, 0.01, false).draw(5, 0, 20);
        for (int row = 0; row < 20; row++) {
            for (int t = 16; t < 64; t++) {
                assertThat(drawn.ids()[row][t] == 0).isEqualTo(drawn.labels()[row][t] == TokenRecall.IGNORE);
            }
        }
        assertThat(Arrays.stream(new Mqar(256, 64, 8, 0.01, true).draw(5, 0, 20).ids())
                        .flatMapToInt(Arrays::stream)
                        .filter(id -> id == 0)
                        .count())
                .isLessThan(20); // 720 places, one id in 256
    }

    /** P(g = 0) of one pair among s places is 1 / Σ g^(a−1): 0.2135 for a = 0.01 and s = 60, 1/60 for a = 1. */
    @Test
    void gapsFollowThePowerLaw() {
        double harmonic = IntStream.rangeClosed(1, 60)
                .mapToDouble(g -> Math.pow(g, 0.01 - 1))
                .sum();
        assertThat(first(new Mqar(64, 124, 2, 0.01, false))).isEqualTo(1 / harmonic, within(0.02));
        assertThat(first(new Mqar(64, 124, 2, 1, false))).isEqualTo(1 / 60.0, within(0.01));
    }

    /** The share of sequences whose first pair is asked at once. */
    private static double first(Mqar task) {
        TokenRecall.Examples drawn = task.draw(11, 0, 4000);
        return IntStream.range(0, 4000)
                        .filter(row -> drawn.ids()[row][4] == drawn.ids()[row][0])
                        .count()
                / 4000.0;
    }

    @Test
    void jointRecallAsksForEveryPairAndTheFirstHalfAnswers() {
        JointRecall task = new JointRecall(7, 5);
        assertThat(task.length()).isEqualTo(2 * 7 * 11 + 2);
        assertThat(new JointRecall(16, 16).length()).isEqualTo(1058);
        TokenRecall.Examples drawn = task.draw(1, 0, 30);
        for (int row = 0; row < 30; row++) {
            int[] ids = drawn.ids()[row];
            int[] labels = drawn.labels()[row];
            int half = task.length() / 2;
            assertThat(ids[0]).isEqualTo(1);
            assertThat(ids[half]).isEqualTo(4);
            Map<Integer, Integer> told = new HashMap<>();
            int asked = 0;
            int context = 0;
            for (int t = 1; t < ids.length; t++) {
                context = ids[t] >= 42 ? ids[t] : context;
                boolean key = ids[t] >= 26 && ids[t] < 42;
                assertThat(labels[t] != TokenRecall.IGNORE).isEqualTo(key && t > half);
                if (key && t < half) {
                    assertThat(told.put(100 * context + ids[t], ids[t + 1])).isNull();
                    assertThat(ids[t + 1]).isBetween(10, 25);
                } else if (key) {
                    assertThat(labels[t]).isEqualTo(ids[t + 1]).isEqualTo(told.get(100 * context + ids[t]));
                    asked++;
                }
            }
            assertThat(asked).isEqualTo(35).isEqualTo(told.size()).isEqualTo(task.questions());
        }
        assertThat(JointRecall.sizes()).hasSize(144);
    }

    @Test
    void aSequenceIsTheSameHoweverManyAreDrawn() {
        Mqar task = new Mqar(64, 8);
        assertThat(task.draw(2, 3, 2).ids())
                .isDeepEqualTo(Arrays.copyOfRange(task.draw(2, 0, 9).ids(), 3, 5));
        assertThat(task.draw(2, 0, 9).ids()).isDeepEqualTo(task.draw(2, 0, 9).ids());
        assertThat(Arrays.deepEquals(
                        task.draw(2, 0, 1).ids(), task.draw(1, 0, 1).ids()))
                .isFalse();
        assertThat(Arrays.deepEquals(
                        task.draw(2, 0, 1).ids(), task.draw(2, 1, 1).ids()))
                .isFalse();
    }

    @Test
    void sizesThatHaveNoRoomAreRefused() {
        assertThatThrownBy(() -> new Mqar(62, 16)).hasMessageContaining("16 pairs");
        assertThatThrownBy(() -> new Mqar(16, 64, 8, 0.01, true)).hasMessageContaining("not 64 and 16");
        assertThatThrownBy(() -> new JointRecall(17, 5)).hasMessageContaining("1 to 16 contexts");
    }
}
