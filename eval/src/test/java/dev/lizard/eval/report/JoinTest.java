package dev.lizard.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.report.Report.Format;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.LayerError;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.result.TaskScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several runs on one page. */
class JoinTest {
    @TempDir
    Path folder = Path.of(".");

    private static Findings run(String command, double nll) {
        Findings found = new Findings("t");
        found.models.add(new ModelResult("teacher", Role.TEACHER, null, 3.0, null, null, null, null));
        found.models.add(new ModelResult("student", Role.STUDENT, null, nll, null, null, null, null));
        found.provenance.put("command", command);
        return found;
    }

    @Test
    void modelsOfOneNameAreToldApartUnlessTheirHashSaysTheyAreOne() {
        Findings first = run("eval a", 3.2);
        Findings second = run("eval b", 3.4);
        first.provenance.put("teacher", "sha256 abc");
        second.provenance.put("model teacher", "sha256 abc");
        first.tasks.add(new TaskScore("student", "piqa", "acc", 0.6, 0.01, 100));
        second.tasks.add(new TaskScore("student", "piqa", "acc", 0.5, 0.01, 100));
        first.tasks.add(new TaskScore("teacher", "piqa", "acc", 0.7, 0.01, 100));
        second.tasks.add(new TaskScore("teacher", "piqa", "acc", 0.7, 0.01, 100));
        ResultSet whole = Join.of(Run.of(List.of(first.results(), second.results())));
        assertThat(whole.models().stream().map(ModelResult::name))
                .containsExactly("teacher", "student (run 1)", "student (run 2)");
        assertThat(whole.tasks().stream().map(score -> score.model() + " " + score.value()))
                .containsExactly("student (run 1) 0.6", "teacher 0.7", "student (run 2) 0.5");
    }

    @Test
    void whatOneRunDidNotMeasureComesFromTheOther() {
        Findings first = run("eval a", 3.2);
        Findings second = new Findings("u");
        second.models.add(new ModelResult("student", Role.STUDENT, 5L, null, null, 1.1, null, null));
        first.provenance.put("model student", "sha256 abc");
        second.provenance.put("model student", "sha256 abc");
        assertThat(Join.of(Run.of(List.of(first.results(), second.results()))).models())
                .containsExactly(
                        new ModelResult("teacher", Role.TEACHER, null, 3.0, null, null, null, null),
                        new ModelResult("student", Role.STUDENT, 5L, 3.2, null, 1.1, null, null));
    }

    @Test
    void oneHashWithTwoResultsIsToldApart() {
        Findings first = run("eval a", 3.2);
        Findings second = run("eval b", 3.3);
        first.provenance.put("model student", "sha256 abc");
        second.provenance.put("model student", "sha256 abc");
        assertThat(Join.of(Run.of(List.of(first.results(), second.results()))).models().stream()
                        .map(ModelResult::name))
                .contains("student (run 1)", "student (run 2)");
    }

    @Test
    void foldersOfOneNameAreToldByTheirParents() throws IOException {
        Findings first = run("eval a", 3.2);
        first.layers.add(new LayerError(0, 0.5, 0.1));
        first.results().write(folder.resolve("a/out"));
        run("eval b", 3.4).results().write(folder.resolve("b/out"));
        Path file = folder.resolve("deep/report.html");
        Report.write(Map.of(file, Format.HTML), List.of(folder.resolve("a/out"), folder.resolve("b/out")));
        assertThat(Files.readString(file))
                .contains("student (a/out)", "student (b/out)", "<title>Lizard: 2 runs</title>")
                .contains("<b>a/out: Output error.</b>")
                .contains("<code>lizard eval a</code><br><code>lizard eval b</code>");
    }
}
