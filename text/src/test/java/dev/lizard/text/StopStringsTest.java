package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    @Test
    void aStopAcrossPiecesIsFoundAndLeftOut() {
        StopStrings stops = new StopStrings(List.of("</s>", "STOP"));
        assertThat(stops.append("Hello S")).isEqualTo("Hello ");
        assertThat(stops.append("TO")).isEmpty();
        assertThat(stops.append("RM <")).isEqualTo("STORM ");
        assertThat(stops.append("/s")).isEmpty();
        assertThat(stops.matched()).isEmpty();
        assertThat(stops.append("> more")).isEmpty();
        assertThat(stops.matched()).contains("</s>");
        assertThat(stops.append("after")).isEmpty();
        assertThat(stops.finish()).isEmpty();
    }

    @Test
    void whatIsHeldComesOutAtTheEnd() {
        StopStrings stops = new StopStrings(List.of("\n\n"));
        assertThat(stops.append("a\n")).isEqualTo("a");
        assertThat(stops.finish()).isEqualTo("\n");
        assertThat(stops.matched()).isEmpty();
    }

    @Test
    void theLongerOfTwoThatEndTogetherWins() {
        StopStrings stops = new StopStrings(List.of("b", "ab"));
        assertThat(stops.append("xab")).isEqualTo("x");
        assertThat(stops.matched()).contains("ab");
    }

    @Test
    void withoutStopsAllPasses() {
        StopStrings stops = new StopStrings(List.of());
        assertThat(stops.append("anything")).isEqualTo("anything");
        assertThatIllegalArgumentException().isThrownBy(() -> new StopStrings(List.of("a", "")));
    }

    @Test
    void theCutOfTheTextDoesNotMatterAndNothingIsHeldInVain() {
        Random random = new Random(TestSeed.next());
        for (int round = 0; round < 2_000; round++) {
            List<String> wanted = List.of(word(random, 1 + random.nextInt(4)), word(random, 1 + random.nextInt(4)));
            String text = word(random, random.nextInt(30));
            StopStrings whole = new StopStrings(wanted);
            String expected = whole.append(text) + whole.finish();
            StopStrings streamed = new StopStrings(wanted);
            StringBuilder shown = new StringBuilder();
            for (int at = 0; at < text.length(); ) {
                int end = Math.min(text.length(), at + 1 + random.nextInt(3));
                shown.append(streamed.append(text.substring(at, end)));
                at = end;
                if (streamed.matched().isEmpty()) {
                    String held = text.substring(shown.length(), at);
                    assertThat(held.isEmpty() || wanted.stream().anyMatch(stop -> stop.startsWith(held)))
                            .isTrue();
                }
            }
            assertThat(shown.append(streamed.finish())).hasToString(expected);
            assertThat(streamed.matched()).isEqualTo(whole.matched());
            assertThat(wanted).noneMatch(stop -> expected.contains(stop));
            assertThat(text).startsWith(expected);
        }
    }

    private static String word(Random random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('a' + random.nextInt(2)));
        }
        return word.toString();
    }
}
