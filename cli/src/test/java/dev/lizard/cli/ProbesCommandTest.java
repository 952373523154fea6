package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.result.ResultSet;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProbesCommandTest {
    @TempDir
    private Path folder;

    @Test
    void rulesAndMixersStandInOneTableAndInTheResults() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("probes", "--pairs", "4", "--reads", "8", "--out", folder.toString()))
                .isZero();
        assertThat(terminal.out())
                .startsWith("capacity                       4\nadditive, unit keys         1.00\n")
                .contains("mixer softmax               1.00\n");
        assertThat(ResultSet.read(folder).recallGrids())
                .hasSizeGreaterThan(15)
                .allSatisfy(cell -> assertThat(cell.samples()).isEqualTo(8));
    }

    @Test
    void whatCannotBeReadIsRefusedInOneLine() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("probes", "--reads", "0")).isEqualTo(2);
        assertThat(terminal.err())
                .contains("--pairs and --reads must be at least 1, found [4, 8, 16, 32, 64, 128, 256] and 0");
    }
}
