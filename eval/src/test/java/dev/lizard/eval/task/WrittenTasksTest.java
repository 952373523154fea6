package dev.lizard.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts and draws as lm-evaluation-harness 0.4.13 made them of the same lines. */
class WrittenTasksTest {
    @TempDir
    private Path folder;

    @Test
    void sumsAreAskedAfterTheExamplesThatTheHarnessDraws() {
        file("gsm8k_train.jsonl", example(0), example(1), example(2), example(3), example(4), example(5), example(6));
        file("gsm8k_test.jsonl", "{'question': 'How many?', 'answer': '2 + 3 = 5\\n#### 5'}", example(8));
        List<Item> items = items("gsm8k");
        Request.Written first = (Request.Written) items.getFirst().request();
        assertThat(first.prompt()).isEqualTo(shown(6, 3, 0, 4, 5) + "Question: How many?\nAnswer:");
        assertThat(((Request.Written) items.get(1).request()).prompt())
                .isEqualTo(shown(6, 4, 0, 5, 3) + "Question: q8\nAnswer:");
        assertThat(first.stops()).containsExactly("Question:", "</s>", "<|im_end|>");
        assertThat(first.tokens()).isEqualTo(256);
        assertThat(judged(items.getFirst(), " 2 and 3 are 5.\n#### 5"))
                .isEqualTo(Map.of("strict_match", 1.0, "flexible_extract", 1.0));
        assertThat(judged(items.getFirst(), " The answer is $5.\n"))
                .isEqualTo(Map.of("strict_match", 0.0, "flexible_extract", 1.0));
    }

    private static String shown(int... examples) {
        return IntStream.of(examples)
                .mapToObj(i -> "Question: q%d\nAnswer: so %d\n#### %d\n\n".formatted(i, i, i))
                .collect(Collectors.joining());
    }

    private static String example(int i) {
        return "{'question': 'q%d', 'answer': 'so %d\\n#### %d'}".formatted(i, i, i);
    }

    @Test
    void aQuizIsAskedWithoutExamples() {
        file(
                "triviaqa_sub.jsonl",
                "{'context': 'Question: Which animal is a dik-dik?\\nAnswer:', 'answer': 'Antelope',"
                        + " 'aliases': ['Antelopes', 'Antelope']}");
        Item item = items("triviaqa").getFirst();
        assertThat(item.request())
                .isEqualTo(new Request.Written(
                        "Question: Which animal is a dik-dik??\nAnswer:", List.of("\n", ".", ","), 256));
        assertThat(judged(item, " antelope ")).isEqualTo(Map.of("exact_match", 1.0));
        assertThat(judged(item, " an antelope")).isEqualTo(Map.of("exact_match", 0.0));
    }

    @Test
    void aSearchIsAskedAfterTheDescriptionAndArticlesDoNotCount() {
        file("nq_open_1000.jsonl", "{'question': 'who sang help', 'answers': ['The Beatles', 'Beatles']}");
        Item item = items("nq_open").getFirst();
        assertThat(item.request())
                .isEqualTo(new Request.Written(
                        "Answer these questions:\n\nQ: who sang help?\nA:", List.of("\n", ".", ","), 256));
        assertThat(judged(item, " The \"Beatles\"")).isEqualTo(Map.of("exact_match", 1.0));
    }

    @Test
    void thePassageThatTellsStandsInThePrompt() {
        file(
                "nq-open-oracle.jsonl",
                "{'question': 'who sang help', 'answers': ['The Beatles'],"
                        + " 'ctxs': [{'title': 'Help!', 'text': 'A song by the Beatles.'}]}");
        Item item = items("nq_open_oracle").getFirst();
        assertThat(item.request())
                .isEqualTo(new Request.Written(
                        "Write a high-quality answer for the given question using only the provided search results"
                                + " (some of which might be irrelevant).\n\n"
                                + "Document [1](Title: Help!) A song by the Beatles.\n\n"
                                + "Question: who sang help\nAnswer:",
                        List.of("\n"),
                        100));
        assertThat(judged(item, " It was, we think, Beatles")).isEqualTo(Map.of("contains", 1.0));
    }

    @Test
    void passagesAreAskedAboutAndAnswersComparedByWords() {
        file(
                "squad_1000.jsonl",
                "{'query': 'Title: T\\nBackground: B\\nQuestion: Q?\\nAnswer:', 'answers': ['23 years']}");
        file("xquad_en_1190.jsonl", "{'context': 'C', 'question': 'Q?', 'answers': ['308']}");
        Item squad = items("squad").getFirst();
        assertThat(squad.request())
                .isEqualTo(new Request.Written("Title: T\nBackground: B\nQuestion: Q?\nAnswer:", List.of("\n"), 256));
        assertThat(judged(squad, " 23")).isEqualTo(Map.of("exact_match", 0.0, "f1", 2.0 / 3));
        Item completion = items("squad_completion").getFirst();
        assertThat(completion.request())
                .isEqualTo(new Request.Written("Title: T\nBackground: B\nQuestion: Q?\nAnswer:", List.of("\n"), 48));
        assertThat(judged(completion, " It was 23 YEARS before.")).isEqualTo(Map.of("contains", 1.0));
        Item xquad = items("xquad_en").getFirst();
        assertThat(((Request.Written) xquad.request()).prompt()).isEqualTo("Context: C\n\nQuestion: Q?\n\nAnswer:");
        assertThat(judged(xquad, " the 308")).isEqualTo(Map.of("exact_match", 1.0, "f1", 1.0));
    }

    @Test
    void answersOfSeveralSpansAreComparedSpanBySpan() {
        file("drop_1000.jsonl", "{'passage': 'P.', 'question': 'Q?', 'answers': [['1507'], ['Lee', 'Grant']]}");
        Item item = items("drop").getFirst();
        assertThat(item.request()).isEqualTo(new Request.Written("P. Q?", List.of("."), 256));
        assertThat(judged(item, " 1,507")).isEqualTo(Map.of("em", 1.0, "f1", 1.0));
        assertThat(judged(item, " Lee")).isEqualTo(Map.of("em", 0.0, "f1", 0.5));
    }

    @Test
    void storiesAreAskedAboutByTheNumberOfFacts() {
        file(
                "babi_qa1-3_test.jsonl",
                "{'task': 'qa1', 'story': ['John went home.', 'Mary sat.'], 'question': 'Where is John?',"
                        + " 'answer': 'home'}");
        Item item = items("babi_written").getFirst();
        assertThat(item.traits()).isEqualTo(Map.of("facts", "qa1"));
        assertThat(item.request())
                .isEqualTo(new Request.Written(
                        "Passage: John went home.\nMary sat.\nQuestion: Where is John?\nAnswer:",
                        List.of("\n", "Passage:"),
                        256));
        assertThat(judged(item, " home")).isEqualTo(Map.of("exact_match", 1.0));
        assertThat(judged(item, "home")).isEqualTo(Map.of("exact_match", 0.0));
    }

    @Test
    void anItemWithoutRightAnswersIsRefused() {
        file("nq_open_1000.jsonl", "{'question': 'q', 'answers': ['a']}", "{'question': 'q', 'answers': []}");
        assertThatThrownBy(() -> items("nq_open"))
                .isInstanceOf(LizardException.class)
                .hasMessage(
                        "malformed item in %s:2/answers: expected the right answers, each a text or a list of texts but"
                                        .formatted(folder.resolve("nq_open_1000.jsonl"))
                                + " found []; correct the item");
    }

    private List<Item> items(String task) {
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of())) {
            return Tasks.builtIn().find(List.of(task)).getFirst().items(new TaskSource(folder, tokenizer, 0));
        }
    }

    private static Map<String, Double> judged(Item item, String text) {
        return item.judge().judge(new Answer.Written(text, List.of())).entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().sum()));
    }

    private void file(String name, String... lines) {
        try {
            Files.writeString(folder.resolve(name), String.join("\n", lines).replace('\'', '"'));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
