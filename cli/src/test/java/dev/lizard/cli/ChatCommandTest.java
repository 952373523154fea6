package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** chat with lines from standard input. */
class ChatCommandTest {
    @TempDir
    static Path temp;

    private static String model;

    private final InputStream before = System.in;
    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void models() throws IOException {
        model = TinyModel.converted(temp.resolve("model")).toString();
    }

    @AfterEach
    void restoreInput() {
        System.setIn(before);
    }

    private int chat(String lines, String... more) {
        System.setIn(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
        String[] args = new String[more.length + 7];
        List<String> common =
                List.of("chat", "--model=" + model, "--device=cpu", "--dtype=float32", "--threads=1", "--max-tokens=4");
        for (int i = 0; i < common.size(); i++) {
            args[i] = common.get(i);
        }
        args[common.size()] = "--cache=" + temp.resolve("cache");
        System.arraycopy(more, 0, args, common.size() + 1, more.length);
        return terminal.run(args);
    }

    private List<JsonNode> answers(String lines, String... more) {
        String[] args = new String[more.length + 1];
        System.arraycopy(more, 0, args, 1, more.length);
        args[0] = "--json";
        assertThat(chat(lines, args)).as(terminal.err()).isZero();
        return terminal.outLines().stream()
                .map(line -> Json.parse(line, "standard output", LizardException.Kind.INPUT))
                .toList();
    }

    @Test
    void aTurnReadsOnlyWhatIsNew() {
        List<JsonNode> answers = answers("hello\nmore\n/stats\n", "--system=be brief");
        assertThat(answers).hasSize(3);
        assertThat(answers.get(0).at("/prompt_tokens").asInt())
                .isEqualTo("be brief".length() + "hello".length() + 5); // as many special tokens
        assertThat(answers.get(1).at("/prompt_tokens").asInt()).isLessThan(15);
        assertThat(answers.get(2).at("/messages").asInt()).isEqualTo(5);
    }

    @Test
    void undoGoesBackAndForksPart() {
        List<JsonNode> answers = answers("one\ntwo\n/undo\ntwo\n/fork\nthree\n/fork 1\nthree\n/reset\none\n");
        assertThat(answers).hasSize(6);
        assertThat(answers.get(2).at("/ids")).isEqualTo(answers.get(1).at("/ids"));
        assertThat(answers.get(4).at("/ids")).isEqualTo(answers.get(3).at("/ids"));
        assertThat(answers.get(5).at("/ids")).isEqualTo(answers.get(0).at("/ids"));
        assertThat(terminal.err()).contains("now in branch 2").contains("now in branch 1");
    }

    @Test
    void retryDrawsAnotherAnswerToTheSameQuestion() {
        List<JsonNode> answers = answers("one\ntwo\n/retry\n/stats\n/undo\ntwo\n", "--temperature=1", "--seed=4");
        assertThat(answers.get(2).at("/ids")).isNotEqualTo(answers.get(1).at("/ids"));
        assertThat(answers.get(2).at("/prompt_tokens")).isEqualTo(answers.get(1).at("/prompt_tokens"));
        assertThat(answers.get(3).at("/messages").asInt()).isEqualTo(4);
        assertThat(terminal.err()).doesNotContain("will be the same");

        List<JsonNode> greedy = answers("one\n/retry\n");
        assertThat(greedy.get(1).at("/ids")).isEqualTo(greedy.get(0).at("/ids"));
        assertThat(terminal.err()).contains("so the answer will be the same");
        assertThat(chat("/retry\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: nothing to retry: expected an answer but found none yet");
    }

    @Test
    void aQuestionIsEditedAndTurnsAreRewoundAsIfTheOthersHadNotBeen() {
        List<JsonNode> answers = answers("one\ntwo\n/edit three\n/stats\n/rewind 0\none\nthree\n/rewind -1\ntwo\n");
        assertThat(answers.get(3).at("/messages").asInt()).isEqualTo(4);
        assertThat(answers.get(5).at("/ids")).isEqualTo(answers.get(2).at("/ids"));
        assertThat(answers.get(6).at("/ids")).isEqualTo(answers.get(1).at("/ids"));
        assertThat(answers.get(6).at("/prompt_tokens")).isEqualTo(answers.get(1).at("/prompt_tokens"));
        assertThat(terminal.err()).contains("back after 0 turns").contains("back after 1 turns");
        assertThat(chat("/edit x\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: nothing to edit: expected an answer but found none yet");
        assertThat(chat("one\n/rewind 2\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: no such turn: expected -1 to 1 but found 2; /stats says");
        assertThat(chat("/rewind two\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: bad number: expected /rewind N but found 'two'; see /help");
        assertThat(chat("/edit\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: /edit needs more: expected /edit S but found /edit alone");
    }

    @Test
    void aForkGoesBackWithoutReadingAgainAndBranchesCanEnd() {
        List<JsonNode> answers = answers("one\ntwo\n/fork\n/undo\ntwo\n/fork\n/drop 1\n/drop 2\n/undo\ntwo\n/stats\n");
        assertThat(answers.get(2).at("/ids")).isEqualTo(answers.get(1).at("/ids"));
        assertThat(answers.get(2).at("/prompt_tokens")).isEqualTo(answers.get(1).at("/prompt_tokens"));
        assertThat(answers.get(3).at("/ids")).isEqualTo(answers.get(1).at("/ids"));
        assertThat(answers.get(3).at("/prompt_tokens")).isEqualTo(answers.get(1).at("/prompt_tokens"));
        assertThat(terminal.err()).doesNotContain("read again");
        assertThat(chat("one\n/fork\n/branches\n")).isZero();
        assertThat(terminal.out()).contains("  1: 1 turns, ").contains("* 2: 1 turns, ");
        assertThat(chat("/drop 1\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: the only branch stays");
        assertThat(chat("/drop 3\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: no branch '3': expected 1 to 1");
    }

    @Test
    void severalLinesCanBeOneMessage() {
        List<JsonNode> fenced = answers("\"\"\"one\n/two\n  three\"\"\"\n/stats\n");
        List<JsonNode> continued = answers("one\\\n/two\\\n  three\n/stats\n");
        assertThat(fenced.get(0).at("/prompt_tokens").asInt())
                .isEqualTo("one\n/two\n  three".length() + 3); // as many special tokens
        assertThat(continued.get(0).at("/ids")).isEqualTo(fenced.get(0).at("/ids"));
        assertThat(continued.get(1).at("/messages").asInt()).isEqualTo(2);
        assertThat(answers("\"\"\"/help\"\"\"\n")).hasSize(1);
        assertThat(answers("no end\\\n")).hasSize(1);
        assertThat(chat("\"\"\"one\ntwo\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: unfinished message: expected a line that ends in \"\"\"");
    }

    @Test
    void standardInputThatCannotBeReadIsNamed() {
        System.setIn(new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("Is a directory");
            }
        });
        assertThat(terminal.run("chat", "--model=" + model, "--device=cpu", "--threads=1", "--quiet"))
                .isEqualTo(3);
        assertThat(terminal.err())
                .isEqualToIgnoringNewLines("lizard: cannot read standard input: Is a directory; give lines of text");
    }

    @Test
    void aSavedConversationGoesOn() {
        Path file = temp.resolve("chat.safetensors");
        List<JsonNode> whole = answers("one\n/save " + file + "\ntwo\n");
        List<JsonNode> rest = answers("/load " + file + "\ntwo\n/exit\nnever said\n");
        assertThat(rest).hasSize(1);
        assertThat(rest.getFirst().at("/ids")).isEqualTo(whole.get(1).at("/ids"));
    }

    @Test
    void peopleSeeTheAnswersAndHelp() {
        assertThat(chat("/help\nhello\n")).isZero();
        assertThat(terminal.out())
                .startsWith("/reset       forgets")
                .contains("/retry ", "Ctrl-C ends an answer", "three quotation");
        assertThat(terminal.outLines().size()).isGreaterThan(8);
    }

    @Test
    void theFirstMistakeInAPipeEndsTheChat() {
        assertThat(chat("/sav x\nhello\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: unknown command '/sav'; did you mean '/save'?");
        assertThat(chat("/save\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: /save needs a file");
        assertThat(chat("/fork 7\n")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: no branch '7': expected 1 to 1");
        assertThat(chat("/load none.safetensors\n")).isEqualTo(3);
        assertThat(terminal.out()).isEmpty();
    }

    @Test
    void withoutATemplateTheTextIsContinued() {
        System.setIn(new ByteArrayInputStream("Once upon\n".getBytes(StandardCharsets.UTF_8)));
        assertThat(terminal.run(
                        "chat",
                        "--model=demo",
                        "--max-tokens=3",
                        "--device=cpu",
                        "--threads=1",
                        "--cache=" + temp.resolve("cache")))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.err()).contains("warning: model demo has no chat template");
    }
}
