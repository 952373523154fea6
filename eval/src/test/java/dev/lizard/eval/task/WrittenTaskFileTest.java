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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WrittenTaskFileTest {
    private static final String PLAIN = """
        about: "a test"
        data: items.jsonl
        ask:
          type: written
          prompt: "Q: {{ q }}"
          answers: a
          tokens: 4
          scores: [{name: exact}]
        """;

    @TempDir
    private Path folder;

    @Test
    void anItemIsNoExampleOfItself() throws IOException {
        Files.writeString(
                folder.resolve("items.jsonl"),
                "{\"q\": 0, \"a\": \"a0\"}\n{\"q\": 1, \"a\": [\"a1\", \"b\"]}\n{\"q\": 2, \"a\": \"a2\"}\n"
                        + "{\"q\": 3, \"a\": \"a3\"}");
        String few = "few_shot: {data: items.jsonl, count: 2, seed: 1234, separator: \"|\"}\n";
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of())) {
            List<Item> items = task(PLAIN + few).items(new TaskSource(folder, tokenizer, 0));
            // Python's random.Random(1234) draws three of four: 3 0 2, 0 2 3, 0 3 1, 1 0 2.
            assertThat(items)
                    .extracting(item -> ((Request.Written) item.request()).prompt())
                    .containsExactly(
                            "Q: 3 a3|Q: 2 a2|Q: 0",
                            "Q: 0 a0|Q: 2 a2|Q: 1",
                            "Q: 0 a0|Q: 3 a3|Q: 2",
                            "Q: 1 a1|Q: 0 a0|Q: 3");
        }
    }

    @Test
    void whatHasNoEffectOrNoMeaningIsRefused() {
        refused(
                "answers: a",
                "answers: a\n  target: x",
                "ask.target: expected one of 'target' and 'answers' but found" + " both; give one");
        refused(
                "answers: a",
                "delimiter: ''",
                "ask.target: expected one of 'target' and 'answers' but found neither;" + " give one");
        refused(
                "answers: a",
                "answers: a\n  stops: ['']",
                "ask.stops: expected texts but found an empty one; take it" + " out");
        String few = "few_shot: {data: b, count: 1, seed: 1, by: q}\nabout:";
        refused("about:", few, "few_shot.by: it has no effect beside 'seed'; take one of them out");
        refused(
                "about:",
                "few_shot: {data: items.jsonl, count: 1}\nabout:",
                "few_shot.data: expected another file than the items', whose answers the prompts would tell, but found"
                        + " the same; name another, or give a seed: an item is never drawn for itself");
    }

    @Test
    void scoresThatCannotBeMeantAreRefused() {
        String plain = "{name: exact}";
        refused(
                plain,
                "{name: x}, {name: x}",
                "ask.scores: expected one or more, each with a name of its own, but found"
                        + " [x, x]; correct the names");
        refused(
                plain,
                "{name: x, extract: '('}",
                "ask.scores.0.extract: expected a regular expression but found '('" + " (Unclosed group); correct it");
        refused(plain, "{name: x, take: last}", "ask.scores.0.take: it has no effect without 'extract'; take it out");
        refused(
                plain,
                "{name: x, strip: true, extract: a}",
                "ask.scores.0.strip: it has no effect beside 'extract'; take" + " it out");
        refused(
                plain,
                "{name: x, compare: squad-f1, ignore_case: true}",
                "ask.scores.0.ignore_case: it is for 'compare:"
                        + " exact' alone, others have rules of their own; take it out");
    }

    private void refused(String part, String instead, String message) {
        String text = PLAIN.replace(part, instead);
        assertThatThrownBy(() -> task(text))
                .isInstanceOf(LizardException.class)
                .hasMessageEndingWith(message)
                .hasMessageContaining("own.yaml");
    }

    private Task task(String text) {
        try {
            Path file = folder.resolve("own.yaml");
            Files.writeString(file, text);
            return TaskFiles.read(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
