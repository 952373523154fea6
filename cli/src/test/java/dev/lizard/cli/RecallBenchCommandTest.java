package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.eval.result.ResultSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class RecallBenchCommandTest {
    @TempDir
    Path temp;

    private final Terminal terminal = new Terminal();

    private int run(String... args) {
        String[] small = {
            "--set",
            "vocabulary=8",
            "--set",
            "length=8",
            "--set",
            "pairs=[2]",
            "--set",
            "widths=[8]",
            "--set",
            "steps=2",
            "--set",
            "tested=4",
            "--set",
            "seeds=1",
            "--device=cpu",
            "--threads=1",
            "--out",
            temp.resolve("out").toString()
        };
        return terminal.run(Stream.of(Stream.of("recall-bench"), Stream.of(args), Stream.of(small))
                .flatMap(all -> all)
                .toArray(String[]::new));
    }

    @Test
    void aLineAModelAndResultsThatAReportDraws() throws IOException {
        assertThat(run("--mixers", "softmax,lizard", "--json"))
                .as(terminal.err())
                .isZero();
        List<JsonNode> lines = terminal.outLines().stream()
                .map(line -> Json.parse(line, "standard output", LizardException.Kind.INPUT))
                .toList();
        assertThat(lines)
                .extracting(line -> line.at("/mixer").asString())
                .containsExactly("softmax", "lizard", "lizard");
        assertThat(lines.getFirst().at("/state_bytes").asLong()).isEqualTo((2 * 2 + 2 * 8) * 8 * 4);
        ResultSet results = ResultSet.read(temp.resolve("out"));
        assertThat(results.frontier()).hasSize(3);
        assertThat(results.provenance().get("command frontier")).startsWith("lizard recall-bench --mixers");
        assertThat(run("--mixers", "softmax")).isZero();
        assertThat(terminal.out()).startsWith("softmax ").contains("2 steps, known");
        Path page = temp.resolve("page.html");
        assertThat(terminal.run(
                        "report", "--out", page.toString(), temp.resolve("out").toString()))
                .isZero();
        assertThat(Files.readString(page)).contains("Recall against bytes of state");
    }

    @Test
    void faultsAreOneLineOfUsage() {
        assertThat(run("--mixers", "lizzard")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: unknown stack in --mixers").contains("did you mean 'lizard'?");
        assertThat(run("--plan", "ful")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: unknown plan in --plan").contains("did you mean 'full'?");
        assertThat(run("--set", "stack=1")).isEqualTo(2);
        assertThat(terminal.err()).contains("unknown key 'stack'");
        assertThat(run("--dtype", "bfloat16")).isEqualTo(2);
        assertThat(terminal.outLines()).isEmpty();
    }
}
