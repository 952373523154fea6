package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.eval.result.Agreement;
import dev.lizard.eval.result.ResultSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ExamineCommandTest {
    @TempDir
    static Path temp;

    private static Path teacher;
    private static Path student;
    private static Path text;

    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void models() throws IOException {
        teacher = TinyModel.teacher(temp.resolve("teacher"));
        student = TinyModel.converted(temp.resolve("student"));
        text = Files.writeString(temp.resolve("text.txt"), "The quick brown fox jumps over the lazy dog. ".repeat(8));
    }

    private int run(Path model, Path out, String... more) {
        Stream<String> given = Stream.of(
                "examine",
                "--model",
                model.toString(),
                "--teacher",
                teacher.toString(),
                "--out",
                out.toString(),
                "--device=cpu",
                "--dtype=float32",
                "--threads=1",
                "--cache=" + temp.resolve("cache"));
        return terminal.run(Stream.concat(given, Stream.of(more)).toArray(String[]::new));
    }

    @Test
    void everyAspectIsFoundAndJoinsWhatIsThere() throws IOException {
        Path out = temp.resolve("all");
        Path prompts = Files.writeString(temp.resolve("p.jsonl"), "{\"kind\": \"k\", \"prompt\": \"Hello\"}");
        String[] how = {
            "--text-file=" + text,
            "--prompts=" + prompts,
            "--length=32",
            "--windows=3",
            "--answer-tokens=9",
            "--written=60",
            "--shown=12"
        };
        assertThat(run(
                        student,
                        out,
                        Stream.concat(Stream.of(how), Stream.of("--json")).toArray(String[]::new)))
                .as(terminal.err())
                .isZero();
        List<JsonNode> lines = terminal.outLines().stream()
                .map(line -> Json.parse(line, "standard output", LizardException.Kind.INPUT))
                .toList();
        assertThat(lines.stream().map(line -> line.path("list").asString()).distinct())
                .containsExactly(
                        "models",
                        "head_errors",
                        "weight_matches",
                        "gate_histograms",
                        "part_shares",
                        "positions",
                        "ablations",
                        "attention",
                        "attributions",
                        "agreements",
                        "repetitions",
                        "answers");
        ResultSet results = ResultSet.read(out);
        assertThat(results.headErrors()).hasSize(2 * 5);
        assertThat(results.partShares())
                .extracting(row -> row.layer() + row.part())
                .containsExactly("0softmax", "1near", "1far");
        assertThat(results.ablations()).extracting(row -> row.without()).containsExactly("", "far", "near");
        assertThat(results.attention()).extracting(row -> row.model()).containsExactly("teacher", "student");
        assertThat(results.attention().getFirst().tokens()).hasSize(12).startsWith("T", "h", "e", "\u00b7");
        assertThat(results.agreements()).extracting(Agreement::set).containsExactly("text", "prompts");
        assertThat(results.repetitions()).extracting(row -> row.tokens()).containsExactly(60, 60, 60);
        assertThat(results.answers()).hasSize(2);
        assertThat(results.provenance()).containsKey("command heads").containsKey("command answers");

        assertThat(run(student, out, "--text-file=" + text, "--length=32", "--windows=2", "--only=without,heads"))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.outLines()).hasSize(2 + 3);
        assertThat(terminal.outLines().getFirst())
                .matches("heads  layer  0  error \\d\\.\\d{4} ± \\d\\.\\d{4}  2 windows");
        ResultSet joined = ResultSet.read(out);
        assertThat(joined.headErrors())
                .hasSize(2 * 5)
                .allSatisfy(row -> assertThat(row.windows()).isEqualTo(2));
        assertThat(joined.agreements()).isEqualTo(results.agreements());
    }

    @Test
    void aTeacherIsItsOwnPerfectStudent() {
        Path out = temp.resolve("same");
        assertThat(run(teacher, out, "--text-file=" + text, "--length=32", "--only=agreement,positions,heads"))
                .as(terminal.err())
                .isZero();
        ResultSet results = ResultSet.read(out);
        assertThat(results.models().getLast().kl()).isZero();
        assertThat(results.headErrors())
                .allSatisfy(row -> assertThat(row.error()).isZero());
        assertThat(results.agreements()).allSatisfy(row -> {
            assertThat(row.forced()).isEqualTo(1);
            assertThat(row.whole()).isEqualTo(1);
        });
    }

    @Test
    void whatCannotBeExaminedIsRefusedInOneLine() throws IOException {
        Path out = temp.resolve("refused");
        Path empty = Files.writeString(temp.resolve("empty.txt"), "");
        assertRefused(
                3,
                "lizard: text too short in " + empty + ": expected at least 513 tokens but found 0;"
                        + " give a longer text or a smaller --length",
                student,
                "--text-file=" + empty);
        assertRefused(
                3,
                "lizard: text too short in " + text + ": expected at least 401 tokens but found 360;"
                        + " give a longer text or a smaller --length",
                student,
                "--text-file=" + text,
                "--length=400");
        assertRefused(
                2,
                "lizard: --head out of range: expected 0 to 3 but found 4",
                student,
                "--text-file=" + text,
                "--length=32",
                "--head=4");
        assertRefused(
                2,
                "lizard: unknown 'haeds' in --only; did you mean 'heads'?",
                student,
                "--text-file=" + text,
                "--only=haeds");
        assertRefused(
                2,
                "lizard: --shown out of range: expected 1 to 256 but found 0",
                student,
                "--text-file=" + text,
                "--shown=0");
        assertThat(out).doesNotExist();
    }

    @Test
    void aStudentOfAnotherVocabularyIsRefused() throws IOException {
        Path other = TinyModel.teacher(temp.resolve("other"));
        Path tokenizer = other.resolve("tokenizer.json");
        Files.writeString(tokenizer, Files.readString(tokenizer).replace("<|user|>", "<|them|>"));
        assertRefused(
                3,
                "lizard: student of another vocabulary in " + other + ": expected the teacher's tokenizer but found"
                        + " another; give the teacher that it was made from",
                other,
                "--text-file=" + text,
                "--length=32");
        assertRefused(
                3,
                "lizard: student of another vocabulary in " + demo() + ": expected the teacher's 260 ids but found 257;"
                        + " give the teacher that it was made from",
                demo(),
                "--text-file=" + text,
                "--length=32");
    }

    private static Path demo() {
        return DemoTeacher.unpacked(temp.resolve("cache"));
    }

    private void assertRefused(int code, String line, Path model, String... more) {
        assertThat(run(model, temp.resolve("refused"), more)).isEqualTo(code);
        assertThat(terminal.err().lines()).containsExactly(line);
        assertThat(terminal.out()).isEmpty();
    }
}
