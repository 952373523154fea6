package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigTest {
    @Test
    void precedenceIsFlagThenVariableThenFileThenBuiltIn(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("my.yaml"), "seed: 1\nthreads: 1\ndevice: cpu\ndtype: float32\n");
        Terminal terminal = new Terminal().with("LIZARD_SEED", "2").with("LIZARD_DTYPE", "bfloat16");

        assertThat(terminal.run(
                        "--threads=9",
                        "config",
                        "show",
                        "--origin",
                        "--config",
                        file.toString(),
                        "--set",
                        "dtype=auto"))
                .isZero();

        assertThat(terminal.outLines().stream().map(l -> l.replaceAll(" +", " ")))
                .containsExactly(
                        "cache - built-in",
                        "debug false built-in",
                        "device cpu config file " + file,
                        "dtype auto flag --set dtype",
                        "json false built-in",
                        "offline false built-in",
                        "quiet false built-in",
                        "seed 2 environment LIZARD_SEED",
                        "threads 9 flag --threads");
    }

    @Test
    void flagsMayStandBeforeOrAfterTheCommand() {
        Terminal terminal = new Terminal();
        terminal.run("--seed", "7", "config", "show");
        String before = terminal.out();
        terminal.run("config", "show", "--seed", "7");
        assertThat(terminal.out()).isEqualTo(before).containsPattern("seed +7");
    }

    @Test
    void jsonIsOneObjectALine() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("config", "show", "--json", "--origin", "--seed=5"))
                .isZero();
        assertThat(terminal.outLines())
                .contains("{\"key\":\"seed\",\"value\":\"5\",\"origin\":\"flag\",\"where\":\"--seed\"}")
                .allMatch(line -> line.startsWith("{") && line.endsWith("}"));
    }

    @Test
    void theFileMayComeFromAVariable(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("my.yaml"), "json: true\nseed: 3\n");
        Terminal terminal = new Terminal().with("LIZARD_CONFIG", file.toString());
        assertThat(terminal.run("config", "show")).isZero();
        assertThat(terminal.outLines()).contains("{\"key\":\"seed\",\"value\":\"3\"}");
    }

    @Test
    void aCommandsOwnOptionsCanBeShown() {
        Terminal terminal = new Terminal().with("LIZARD_OUT", "there");
        assertThat(terminal.run("config", "show", "pretrain", "--origin")).isZero();
        assertThat(terminal.out()).containsPattern("out +there +environment LIZARD_OUT");
        assertThat(terminal.run("config", "show", "pretrian")).isEqualTo(2);
        assertThat(terminal.err()).contains("did you mean 'pretrain'?");
    }

    @Test
    void aMisspeltKeyInTheFileIsNamed(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("my.yaml"), "devise: cpu\n");
        Terminal terminal = new Terminal();
        assertThat(terminal.run("config", "show", "--config=" + file)).isEqualTo(2);
        assertThat(terminal.err())
                .startsWith("lizard: unknown key 'devise' in " + file + "/devise: ")
                .contains("did you mean 'device'?");
    }
}
