package dev.lizard.eval.recall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.text.Tokenizer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ListTaskTest {
    private static final Tokenizer BYTES = Tokenizing.bytes();

    @AfterAll
    static void close() {
        BYTES.close();
    }

    private static List<Item> items(ListTask.Kind kind, int size, long seed) {
        return new ListTask(kind, Answering.FED, size).items(new TaskSource(null, BYTES, seed));
    }

    private static Request.Candidate asked(Item item) {
        return ((Request.Likelihoods) item.request()).candidates().getFirst();
    }

    @ParameterizedTest
    @EnumSource
    void theKeyAskedForStandsAtItsDepthAndItsValueOnce(ListTask.Kind kind) {
        for (Item item : items(kind, 41, 1).subList(0, 20)) {
            String prompt = asked(item).prompt();
            String value = asked(item).continuation().strip();
            List<String> entries = prompt.lines()
                    .filter(line -> line.matches(".*\\w-\\w+\\W.*\\d.*"))
                    .toList();
            assertThat(entries).hasSize(41);
            int place = (int) Math.round(40 * Double.parseDouble(item.traits().get("depth")));
            assertThat(entries.get(place)).endsWith(value);
            assertThat(prompt.indexOf(value)).isEqualTo(prompt.lastIndexOf(value));
            Matcher key = Pattern.compile("\\w+-\\w+").matcher(entries.get(place));
            assertThat(key.find()).isTrue();
            assertThat(prompt.substring(prompt.lastIndexOf("\n\n"))).contains(key.group());
        }
    }

    @ParameterizedTest
    @EnumSource
    void anyNumberOfEntriesIsDifferentOnes(ListTask.Kind kind) {
        String prompt = asked(items(kind, 30_000, 1).getFirst()).prompt();
        Set<String> keys = new HashSet<>();
        Set<String> values = new HashSet<>();
        Matcher entry = Pattern.compile("([a-z]+(-[a-z]+)+)\\W[^\\d]*?(\\d+)").matcher(prompt);
        while (entry.find()) {
            keys.add(entry.group(1));
            values.add(entry.group(3));
        }
        assertThat(keys).hasSize(30_000);
        assertThat(values).hasSize(30_000);
    }

    @Test
    void itemsDependOnSeedAndPlaceAlone() {
        Item third = items(ListTask.Kind.KEY_VALUES, 16, 3).get(3);
        assertThat(third.id()).isEqualTo("16-0.75-0");
        assertThat(third.traits()).isEqualTo(Map.of("pairs", "16", "depth", "0.75"));
        assertThat(asked(items(ListTask.Kind.KEY_VALUES, 16, 3).subList(0, 4).get(3)))
                .isEqualTo(asked(third));
        assertThat(asked(items(ListTask.Kind.KEY_VALUES, 16, 4).get(3))).isNotEqualTo(asked(third));
    }

    @Test
    void anAnswerThatIsFedCountsTokensAndOneThatIsWrittenCountsAsText() {
        Item fed = items(ListTask.Kind.KEY_VALUES, 8, 1).getFirst();
        assertThat(fed.judge().judge(new Answer.Likelihoods(List.of(new Answer.Likelihood(-3, 4, 3)))))
                .isEqualTo(Map.of("exact", Item.Value.of(0), "digits", new Item.Value(3, 4)));
        Item written = new ListTask(ListTask.Kind.KEY_VALUES, Answering.WRITTEN, 8)
                .items(new TaskSource(null, BYTES, 1))
                .getFirst();
        Request.Written request = (Request.Written) written.request();
        assertThat(request.prompt()).isEqualTo(asked(fed).prompt());
        assertThat(request.tokens()).isEqualTo(4 + Needles.ROOM);
        String value = asked(fed).continuation();
        assertThat(written.judge().judge(new Answer.Written(value + ", as", List.of())))
                .isEqualTo(Map.of("written", Item.Value.of(1)));
        assertThat(written.judge().judge(new Answer.Written(" 12", List.of())))
                .isEqualTo(Map.of("written", Item.Value.of(0)));
        assertThat(new ListTask(ListTask.Kind.KEY_VALUES, Answering.WRITTEN, 8).name())
                .isEqualTo("key_values_written@8");
    }
}
