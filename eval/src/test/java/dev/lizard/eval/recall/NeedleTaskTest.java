package dev.lizard.eval.recall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.text.Tokenizer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NeedleTaskTest {
    private static final Tokenizer BYTES = Tokenizing.bytes();
    private static final Tokenizer MERGED = Tokenizing.merged();

    @AfterAll
    static void close() {
        BYTES.close();
        MERGED.close();
    }

    private static List<Item> items(NeedleTask.Kind kind, int length, long seed, Tokenizer tokenizer) {
        return new NeedleTask(kind, Answering.FED, length).items(new TaskSource(null, tokenizer, seed));
    }

    private static Request.Candidate asked(Item item) {
        return ((Request.Likelihoods) item.request()).candidates().getFirst();
    }

    @ParameterizedTest
    @EnumSource
    void theAnswerStandsOnceInTheTextAtItsDepth(NeedleTask.Kind kind) {
        for (Item item : items(kind, 1500, 1, MERGED).subList(0, 20)) {
            String prompt = asked(item).prompt();
            String answer = asked(item).continuation().strip();
            int at = prompt.indexOf(answer);
            assertThat(at).as(prompt).isPositive().isEqualTo(prompt.lastIndexOf(answer));
            double place = (double) at / prompt.length(); // head and question are a tenth of it, or less
            assertThat(place)
                    .isBetween(Double.parseDouble(item.traits().get("depth")) * 0.8 - 0.02, 1.0)
                    .isLessThan(Double.parseDouble(item.traits().get("depth")) * 0.8 + 0.2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLengthIsExactButForAWord(NeedleTask.Kind kind) {
        for (Tokenizer tokenizer : List.of(MERGED, BYTES)) {
            for (Item item : items(kind, 900, 2, tokenizer).subList(0, 10)) {
                int room = tokenizer.encode(asked(item).continuation(), false).length + Needles.ROOM;
                assertThat(tokenizer.encode(asked(item).prompt(), false).length + room)
                        .as(asked(item).prompt())
                        .isBetween(900 - 14, 900);
                assertThat(item.traits()).containsEntry("length", "900");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void itemsAreDrawnAnewFromTheSeedAndTheirPlaceAlone(NeedleTask.Kind kind) {
        List<Item> some = items(kind, 700, 3, BYTES);
        Item seventh = items(kind, 700, 3, BYTES).get(7); // drawn without those before it
        assertThat(asked(seventh)).isEqualTo(asked(some.subList(0, 8).get(7)));
        assertThat(seventh.id()).isEqualTo("700-0.50-1");
        assertThat(asked(items(kind, 700, 4, BYTES).get(7))).isNotEqualTo(asked(seventh));
        List<Item> whole = new NeedleTask(kind, Answering.FED).items(new TaskSource(null, BYTES, 3));
        assertThat(asked(whole.get(1)))
                .isEqualTo(asked(items(kind, 512, 3, BYTES).get(0)));
        assertThat(whole).hasSize(500);
    }

    @Test
    void wordingKeysAndHaystacksVary() {
        Set<String> beginnings = new HashSet<>();
        Set<String> ends = new HashSet<>();
        Set<String> answers = new HashSet<>();
        Set<String> haystacks = new HashSet<>();
        for (Item item : items(NeedleTask.Kind.PASSKEY, 600, 5, BYTES).subList(0, 40)) {
            String prompt = asked(item).prompt();
            beginnings.add(prompt.substring(0, 60));
            ends.add(prompt.substring(prompt.lastIndexOf("\n\n")));
            answers.add(asked(item).continuation());
            haystacks.add(item.traits().get("haystack"));
        }
        assertThat(beginnings).hasSizeGreaterThan(15);
        assertThat(ends).hasSizeGreaterThan(15);
        assertThat(answers).hasSize(40).allMatch(answer -> answer.matches(" [1-9][0-9]{4}"));
        assertThat(haystacks).containsExactlyInAnyOrder("filler", "stories");
    }

    @Test
    void needlesAreWhatTheirNamesSay() {
        assertThat(asked(items(NeedleTask.Kind.S_NIAH_1, 500, 1, BYTES).getFirst())
                        .continuation())
                .matches(" [1-9][0-9]{6}");
        assertThat(asked(items(NeedleTask.Kind.S_NIAH_3, 900, 1, BYTES).getFirst())
                        .continuation())
                .matches(" [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
        assertThat(asked(items(NeedleTask.Kind.MULTI_KEY_NIAH, 1200, 1, BYTES).getFirst())
                        .prompt())
                .matches("(?s)(.*magic number\\D+ \\d{7}){4}.*");
        assertThat(asked(items(NeedleTask.Kind.FIVE_PASSKEYS, 1200, 1, BYTES).getFirst())
                        .prompt())
                .contains("the first passkey is", "the second passkey is", "the fifth passkey is");
    }

    @Test
    void aLengthWithoutRoomIsRefusedInOneLine() {
        assertThatThrownBy(() -> items(NeedleTask.Kind.S_NIAH_3, 64, 1, BYTES).get(0))
                .hasMessageStartingWith("no room for a needle in --tasks s_niah_3@64: expected at least ")
                .hasMessageEndingWith(" tokens but found 64; ask for a longer text");
    }
}
