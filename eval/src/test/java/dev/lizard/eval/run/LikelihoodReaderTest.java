package dev.lizard.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.eval.ByteModels;
import dev.lizard.eval.run.PairEncoder.Pair;
import dev.lizard.eval.task.Answer.Likelihood;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.tensor.LiveTensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LiveTensors.class)
class LikelihoodReaderTest {
    private static final ReadingCost USUAL = new ReadingCost(16, 4096, 2048, 32);
    /** Pieces of a few tokens, batches of a few rows. */
    private static final ReadingCost SMALL = new ReadingCost(4, 400, 24, 5);

    private final Random random = new Random(7);

    private int[] ids(int length) {
        return IntStream.generate(() -> random.nextInt(256)).limit(length).toArray();
    }

    private static Pair pair(int[]... parts) {
        int[] all = List.of(parts).stream().flatMapToInt(IntStream::of).toArray();
        return new Pair(all, all.length - parts[parts.length - 1].length);
    }

    /** Choices after one prompt, prompts that differ, letters, one candidate alone, and items with a long beginning. */
    private List<List<Pair>> items() {
        List<List<Pair>> items = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int[] prompt = ids(3 + 11 * i);
            items.add(List.of(pair(prompt, ids(2)), pair(prompt, ids(5 + i)), pair(prompt, ids(1))));
            int[] half = ids(9 + i);
            int[] rest = ids(4);
            items.add(List.of(pair(half, ids(1), rest), pair(half, ids(3), rest)));
            items.add(List.of(pair(prompt, ids(1)), pair(prompt, ids(1)), pair(prompt, ids(1))));
            items.add(List.of(pair(ids(1), ids(1 + i))));
            items.add(List.of(pair(ids(2), ids(2)), pair(ids(6), ids(3))));
        }
        int[] examples = ids(70);
        for (int i = 0; i < 3; i++) {
            int[] asked = ids(5 + 2 * i);
            items.add(List.of(pair(examples, asked, ids(1)), pair(examples, asked, ids(1))));
            items.add(List.of(pair(examples, asked, ids(2)), pair(examples, asked, ids(4))));
        }
        return items;
    }

    private static Map<Integer, List<Likelihood>> read(Decoder decoder, List<List<Pair>> items, ReadingCost cost) {
        List<Question> questions = new ArrayList<>();
        for (List<Pair> item : items) {
            questions.add(Question.of(questions.size(), item));
        }
        Map<Integer, List<Likelihood>> answers = new HashMap<>();
        LikelihoodReader reader = new LikelihoodReader(decoder, cost);
        for (PrefixGroup group : PrefixGroup.of(questions, cost)) {
            try (DecoderState start = reader.prefix(group)) {
                for (Batch batch : Batch.of(group.questions(), group.prefix(), cost)) {
                    reader.read(batch, start, (question, answer) -> answers.put(question.index(), answer.all()));
                }
            }
        }
        return answers;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyCandidateIsAsLikelyAsAlone(boolean constantState) {
        List<List<Pair>> items = items();
        try (Decoder decoder = ByteModels.random(1)) {
            if (constantState) {
                ByteModels.swap(decoder);
            }
            Map<Integer, List<Likelihood>> usual = read(decoder, items, USUAL);
            Map<Integer, List<Likelihood>> small = read(decoder, items, SMALL);
            assertThat(usual).hasSize(items.size());
            for (int i = 0; i < items.size(); i++) {
                for (int c = 0; c < items.get(i).size(); c++) {
                    Likelihood alone = Naive.likelihood(decoder, items.get(i).get(c));
                    for (Likelihood found :
                            List.of(usual.get(i).get(c), small.get(i).get(c))) {
                        assertThat(found.logLikelihood()).isCloseTo(alone.logLikelihood(), within(1e-3));
                        assertThat(found.tokens()).isEqualTo(alone.tokens());
                        assertThat(found.correctTokens()).isEqualTo(alone.correctTokens());
                    }
                }
            }
        }
    }

    @Test
    void candidatesThatAreReadAlikeAreOneRow() {
        int[] prompt = ids(20);
        Question letters = Question.of(0, List.of(pair(prompt, ids(1)), pair(prompt, ids(1)), pair(prompt, ids(1))));
        assertThat(letters.rows()).containsExactly(prompt);
        assertThat(letters.wanted()).hasSize(3);
        assertThat(letters.shared()).isEqualTo(19);
    }

    @Test
    void whatItemsShareIsReadOnce() {
        int[] examples = ids(300);
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int[] asked = ids(20);
            questions.add(Question.of(i, List.of(pair(examples, asked, ids(1)), pair(examples, asked, ids(1)))));
        }
        List<PrefixGroup> groups = PrefixGroup.of(questions, USUAL);
        assertThat(groups).hasSize(1);
        assertThat(groups.getFirst().prefix()).isEqualTo(300);
        long read = 300
                + Batch.of(questions, 300, USUAL).stream()
                        .mapToLong(Batch::cost)
                        .sum();
        assertThat(read).isLessThan(300 + 10 * 20 + 2L * 16);
    }

    @Test
    void beginningsOfLikeLengthAreReadTogetherAndOnceForAllChoices() {
        List<Question> questions = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int[] prompt = ids(60);
            questions.add(Question.of(i, List.of(pair(prompt, ids(5)), pair(prompt, ids(5)), pair(prompt, ids(5)))));
        }
        List<Batch> batches = Batch.of(questions, 0, USUAL);
        assertThat(batches.getFirst().shared()).isEqualTo(59);
        long read = batches.stream().mapToLong(Batch::cost).sum();
        assertThat(read).isEqualTo(8 * 59 + 8 * 3 * 5 + 2L * 16);
    }
}
