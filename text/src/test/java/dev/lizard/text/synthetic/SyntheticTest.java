package dev.lizard.text.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.tensor.RandomStream;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyntheticTest {
    private final Stories stories = new Stories();

    @Test
    void aSeedMeansOneTextAndAnotherSeedAnother() {
        assertThat(stories.story(3_000, new RandomStream(1))).isEqualTo(stories.story(3_000, new RandomStream(1)));
        assertThat(stories.story(3_000, new RandomStream(1))).isNotEqualTo(stories.story(3_000, new RandomStream(2)));
    }

    @Test
    void storiesArePlainSentencesWithoutOpenSlots() {
        for (int seed = 0; seed < 50; seed++) {
            String story = stories.story(2_000, new RandomStream(seed));
            assertThat(story)
                    .as("seed %d", seed)
                    .matches("[ -z\\n]*")
                    .doesNotContain("{", "}")
                    .endsWith(".\n\n");
            assertThat(story.length()).as("seed %d", seed).isBetween(2_000, 2_400);
        }
    }

    @Test
    void aStoryNamesItsPeopleAgainLateInTheText() {
        String story = stories.story(6_000, new RandomStream(7));
        String hero = firstMatch("(?:of|name of|knew|^)\\s?([A-Z][a-z]{3})\\b", story);
        assertThat(story.substring(4_000)).contains(hero);
    }

    @Test
    void cutStoriesHaveTheirLengthExactly() {
        for (int length : new int[] {0, 1, 17, 500, 9_001}) {
            assertThat(stories.beginning(length, new RandomStream(3))).hasSize(length);
            assertThat(stories.ending(length, new RandomStream(3))).hasSize(length);
        }
        assertThat(stories.ending(500, new RandomStream(3))).endsWith(". ");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.25, 0.5, 1})
    void passkeyIsToldAtItsDepthAndAskedAtTheEnd(double depth) {
        RecallSample sample = new Passkey(5).generate(2_000, depth, new RandomStream(11));
        assertThat(sample.text()).hasSize(2_000);
        assertThat(sample.answer()).matches("\\d{5}");
        int told = sample.text().indexOf("The pass key is " + sample.answer() + ". Remember it.");
        assertThat(told).isBetween((int) (depth * 2_000) - 100, (int) (depth * 2_000) + 100);
        assertThat(sample.prompt()).endsWith("What is the pass key? The pass key is ");
        assertThat(sample.text().indexOf(sample.answer()))
                .isLessThan(sample.prompt().length());
        assertThat(countTrue(sample.answerMask())).isEqualTo(5);
    }

    @Test
    void keyValuesAskForAPairOfTheList() {
        for (double depth : new double[] {0, 0.5, 1}) {
            RecallSample sample = new KeyValues(20, 3).generate(1_024, depth, new RandomStream(5));
            assertThat(sample.text()).hasSize(1_024);
            List<String> lines = sample.text().lines().toList();
            int head = lines.indexOf("List:");
            int foot = lines.indexOf("Questions:");
            assertThat(foot - head - 1).isEqualTo(20);
            List<String> list = lines.subList(head + 1, foot);
            assertThat(list.get((int) Math.round(depth * 19))).isEqualTo(lines.get(foot + 1));
            assertThat(list).containsAll(lines.subList(foot + 1, foot + 4));
            assertThat(sample.answers()).hasSize(3).allMatch(span -> span.length() == 3);
        }
    }

    @Test
    void theShortestSampleHoldsAndOneByteLessDoesNot() {
        for (RecallTask task : List.of(new Passkey(5), new KeyValues(8, 2), new Copying(6))) {
            assertThat(task.generate(task.shortest(), 0.5, new RandomStream(1)).text())
                    .hasSize(task.shortest());
            assertThatThrownBy(() -> task.generate(task.shortest() - 1, 0.5, new RandomStream(1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at least " + task.shortest());
            assertThatThrownBy(() -> task.generate(500, 1.5, new RandomStream(1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("depth");
        }
    }

    @Test
    void copyingSaysTheLineAgain() {
        for (double depth : new double[] {0, 0.5, 1}) {
            RecallSample sample = new Copying(8).generate(600, depth, new RandomStream(5));
            assertThat(sample.text()).hasSize(600).endsWith("\nAgain: " + sample.answer() + "\n\n");
            assertThat(sample.text()).contains("Say: " + sample.answer() + "\n");
            assertThat(sample.answer().split(" ")).hasSize(8);
        }
    }

    @Test
    void aMixGoesOnFromTheStreamsState() {
        SyntheticMix mix = SyntheticMix.standard();
        RandomStream random = new RandomStream(9);
        for (int i = 0; i < 200; i++) {
            RandomStream resumed = RandomStream.resume(random.state());
            RecallSample sample = mix.next(512, random);
            assertThat(mix.next(512, resumed)).isEqualTo(sample);
            assertThat(sample.ids()).hasSize(512);
            assertThat(sample.text()).matches("[\\n -~]*");
        }
    }

    @Test
    void everyAnswerOfAMixWasToldBefore() {
        RandomStream random = new RandomStream(10);
        int answers = 0;
        int asked = 0;
        for (int i = 0; i < 100; i++) {
            RecallSample sample = SyntheticMix.standard().next(1_024, random);
            for (RecallSample.Span span : sample.answers()) {
                String answer = sample.text().substring(span.start(), span.end());
                assertThat(sample.text().indexOf(answer))
                        .as("seed 10, text %d", i)
                        .isLessThan(span.start());
                answers += span.length();
                asked++;
            }
        }
        assertThat(asked).isGreaterThan(500);
        assertThat(answers / (100.0 * 1_024))
                .as("share of bytes that are answers")
                .isBetween(0.03, 0.4);
    }

    @Test
    void aMixOfOneKindHasThatKindOnly() {
        RecallSample sample = new SyntheticMix(0, 0, 1, 0, 5, 8, 4).next(2_000, new RandomStream(2));
        assertThat(sample.text()).contains("List:").doesNotContain("pass key", "Again:");
        assertThatThrownBy(() -> new SyntheticMix(0, 0, 0, 0, 5, 8, 4)).hasMessageContaining("weights");
    }

    private static String firstMatch(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as("a name in: %s", text.substring(0, 200)).isTrue();
        return matcher.group(1);
    }

    private static int countTrue(boolean[] mask) {
        int count = 0;
        for (boolean set : mask) {
            count += set ? 1 : 0;
        }
        return count;
    }
}
