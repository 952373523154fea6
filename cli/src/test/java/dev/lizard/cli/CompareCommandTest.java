package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.result.Conversion;
import dev.lizard.eval.result.ResultSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** compare and mixers, on a small random teacher. */
class CompareCommandTest {
    @TempDir
    static Path temp;

    private static String teacher;

    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void files() throws IOException {
        teacher = TinyModel.teacher(temp.resolve("teacher")).toString();
        Files.writeString(temp.resolve("data.txt"), "The quick brown fox jumps over the lazy dog. ".repeat(40));
        Files.writeString(temp.resolve("held.txt"), "A lazy dog sleeps. ".repeat(20));
    }

    private int compare(Path out, String recipes, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "compare",
                "--model=" + teacher,
                "--recipes=" + recipes,
                "--data=" + temp.resolve("data.txt"),
                "--text-file=" + temp.resolve("held.txt"),
                "--out=" + out,
                "--length=32",
                "--windows=4",
                "--set=sequence_length=16",
                "--set=batch=2",
                "--set=held_out.tokens=64",
                "--set=held_out.stretch=1",
                "--device=cpu",
                "--dtype=float32",
                "--threads=1",
                "--cache=" + temp.resolve("cache")));
        args.addAll(List.of(more));
        return terminal.run(args.toArray(String[]::new));
    }

    @Test
    void recipesAndSeedsStandInOneTableAndNothingIsDoneTwice() throws IOException {
        Path out = temp.resolve("compared");
        String[] budget = {"--tokens=96", "--first=4", "--seeds=0,1"};

        assertThat(compare(out, "liger,based", budget)).as(terminal.err()).isZero();

        ResultSet results = ResultSet.read(out);
        assertThat(results.conversions())
                .extracting(Conversion::model)
                .containsExactly(
                        "liger-first4-seed0", "based-first4-seed0", "liger-first4-seed1", "based-first4-seed1");
        assertThat(results.conversions()).allSatisfy(row -> {
            assertThat(row.tokens()).isEqualTo(row.recipe().equals("liger") ? 96 : 128); // whole steps of 32 a stage
            assertThat(row.nll()).isPositive().isFinite();
        });
        assertThat(results.models())
                .extracting(model -> model.name())
                .startsWith("teacher")
                .hasSize(5);
        assertThat(out.resolve("report.html")).content().contains("Rivals in one frame");
        String before = terminal.out();
        FileTime written = Files.getLastModifiedTime(out.resolve("based-first4-seed1/model.safetensors"));

        assertThat(compare(out, "liger,based", budget)).isZero();

        assertThat(terminal.out()).isEqualTo(before);
        assertThat(Files.getLastModifiedTime(out.resolve("based-first4-seed1/model.safetensors")))
                .isEqualTo(written);
        assertThat(compare(out, "liger,based", "--tokens=64", "--first=4")).isEqualTo(2);
        assertThat(terminal.err()).contains("another run of this name", "liger-first4-seed0", "name another --out");
    }

    @Test
    void aDryRunTellsTheCostAndWritesNothing() {
        Path out = temp.resolve("dry");
        assertThat(compare(out, "gla,supra", "--tokens=128", "--dry-run")).isZero();
        assertThat(terminal.out())
                .contains("gla-seed0", "supra-seed0", "128 tokens", "TFLOP", "all: 2 runs, ", "without measurements");
        assertThat(out).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--length=1    | --length out of range: expected at least 2 but found 1",
                "--tokens=0    | --tokens out of range: expected at least 1 but found 0",
                "--limit=-1    | --limit out of range: expected 1 or more, or 0 for all items, but found -1",
                "--seeds=1,1   | --seeds names one twice: expected each once but found 1,1; take it out",
                "--length=9999 | text too short in",
                "--tasks=nomad | nomad"
            })
    void whatCannotBeIsSaidInOneLine(String flag, String line) {
        List<String> args = new ArrayList<>(List.of(
                "compare",
                "--model=" + teacher,
                "--recipes=gla",
                "--data=" + temp.resolve("data.txt"),
                "--text-file=" + temp.resolve("held.txt"),
                "--out=" + temp.resolve("refused")));
        args.add(flag.strip());
        assertThat(terminal.run(args.toArray(String[]::new))).isEqualTo(2);
        assertThat(terminal.err()).contains(line);
    }

    @Test
    void mixersHaveALineEach() {
        assertThat(terminal.run("mixers")).isZero();
        assertThat(terminal.out())
                .contains("gla              G*d*d + 2*G*d*n")
                .contains("liger            G*d*d + 2*G*d*(w + m)");
        assertThat(terminal.run("mixers", "--json")).isZero();
        assertThat(terminal.outLines())
                .hasSizeGreaterThan(15)
                .anySatisfy(line -> assertThat(line)
                        .contains(
                                "\"name\":\"retnet\"",
                                "\"forms\":[\"parallel\",\"chunk\",\"recurrent\"]",
                                "2307.08621"));
    }
}
