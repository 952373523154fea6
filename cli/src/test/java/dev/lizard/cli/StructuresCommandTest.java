package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.StructureFit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StructuresCommandTest {
    @TempDir
    static Path temp;

    private static Path model;
    private static Path text;

    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void model() throws IOException {
        model = TinyModel.teacher(temp.resolve("teacher"));
        text = Files.writeString(temp.resolve("text.txt"), "The quick brown fox jumps over the lazy dog. ".repeat(2));
    }

    private int run(String... more) {
        String[] all = new String[more.length + 5];
        String[] given = {"structures", "--model=" + model, "--text-file=" + text, "--device=cpu", "--threads=1"};
        System.arraycopy(given, 0, all, 0, given.length);
        System.arraycopy(more, 0, all, given.length, more.length);
        return terminal.run(all);
    }

    @Test
    void eachFitIsALineAndStandsInTheResults() {
        Path out = temp.resolve("out");
        assertThat(run("--widths=1,2", "--length=16", "--windows=1", "--steps=20", "--out=" + out))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.outLines())
                .hasSize(6)
                .allSatisfy(line -> assertThat(line)
                        .matches("\\w+ +state +\\d  error \\d\\.\\d{4} ± \\d\\.\\d{4}  \\d+ matrices of 16 tokens"));
        ResultSet results = ResultSet.read(out);
        assertThat(results.structureFits())
                .extracting(StructureFit::structure)
                .containsExactly("ssd", "ssd", "linear", "linear", "toeplitz", "toeplitz");
        assertThat(results.provenance()).containsKey("command structures");
    }

    @Test
    void whatCannotBeFittedIsRefusedInOneLine() {
        assertThat(run("--widths=0")).isEqualTo(2);
        assertThat(terminal.err()).contains("--widths out of range: expected 1 to 1024 but found 0");
        assertThat(run("--length=200")).isEqualTo(3);
        assertThat(terminal.err())
                .contains("text too short in " + text
                        + ": expected at least 201 tokens but found 90; give a longer one, or a smaller --length");
    }
}
