package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code lizard report} and its forms. */
class ReportCommandTest {
    @TempDir
    Path temp = Path.of(".");

    private final Terminal terminal = new Terminal();
    private String run = "";

    @BeforeEach
    void results() throws IOException {
        Path folder = Files.createDirectory(temp.resolve("run"));
        Files.writeString(
                folder.resolve("results.json"),
                "{\"title\": \"Seen\", \"models\": [{\"name\": \"m\", \"role\": \"student\", \"nll\": 3}]}");
        run = folder.toString();
    }

    private String file(String name) {
        return temp.resolve(name).toString();
    }

    @Test
    void oneRunIsWrittenInAllItsForms() throws IOException {
        int code = terminal.run(
                "report",
                run,
                "--out",
                file("a.html"),
                "--markdown",
                file("a.md"),
                "--csv",
                file("a.csv"),
                "--model-card",
                file("README.md"));
        assertThat(code).as(terminal.err()).isZero();
        assertThat(terminal.out())
                .isEqualTo("wrote %s, %s, %s, %s\n"
                        .formatted(file("a.html"), file("a.md"), file("a.csv"), file("README.md")));
        assertThat(temp.resolve("a.html")).content().startsWith("<!doctype html>");
        assertThat(temp.resolve("a.md")).content().startsWith("# Seen\n");
        assertThat(temp.resolve("a.csv")).content().endsWith("\nm,held-out text,nll,,3,,,\n");
        assertThat(temp.resolve("README.md")).content().startsWith("---\nlibrary_name:");
    }

    @Test
    void theEndingDecidesTheForm() throws IOException {
        assertThat(terminal.run("report", run, "--out", file("b.CSV"), "--json"))
                .isZero();
        assertThat(terminal.out())
                .isEqualTo(
                        "{\"done\":true,\"out\":\"%s\",\"files\":[\"%s\"]}\n".formatted(file("b.CSV"), file("b.CSV")));
        assertThat(temp.resolve("b.CSV")).content().startsWith("model,task,");
    }

    @Test
    void whatCannotBeWrittenIsRefusedInOneLine() {
        assertThat(terminal.run("report", run)).isEqualTo(2);
        assertThat(terminal.err())
                .isEqualTo("lizard: nothing to write: expected --out, --markdown, --csv or --model-card but found none;"
                        + " give one\n");
        assertThat(terminal.run("report", run, "--out", file("c.pdf"))).isEqualTo(2);
        assertThat(terminal.err())
                .isEqualTo("lizard: --out: expected a file that ends in .html, .md or .csv but found '%s'; rename it\n"
                        .formatted(file("c.pdf")));
        assertThat(terminal.run("report", run, "--out", file("d.md"), "--model-card", file("d.md")))
                .isEqualTo(2);
        assertThat(terminal.err())
                .isEqualTo("lizard: two forms for %s: expected a file each; name another\n".formatted(file("d.md")));
    }
}
