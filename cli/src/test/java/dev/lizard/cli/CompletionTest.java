package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The scripts are read by the shells they are for, where these are installed. */
class CompletionTest {
    @TempDir
    Path folder;

    private static String script(String shell) {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("completion", shell)).as(terminal.err()).isZero();
        return terminal.out();
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    /** Standard output of a shell that is on the path; the test is skipped where it is not. */
    private String shell(String... command) throws Exception {
        boolean there = Stream.of(
                        Objects.requireNonNullElse(System.getenv("PATH"), "").split(":"))
                .anyMatch(path -> Files.isExecutable(Path.of(path, command[0])));
        assumeTrue(there, command[0] + " is not installed");
        Path out = folder.resolve("out.txt");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("HOME", folder.toString());
        int code = builder.redirectOutput(out.toFile()).start().waitFor();
        assertThat(code).as(Files.readString(out)).isZero();
        return Files.readString(out);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void eachShellCanReadItsScript(String shell) throws Exception {
        assertThat(shell(shell, "-n", file("script", script(shell)).toString())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh", "fish"})
    void everyCommandAndOptionIsInEachScript(String shell) {
        String script = script(shell);
        CommandLine root =
                new App(new Terminal().streams(false), Map.of(), SilenceWatch.Starter.NONE).commandLine(new Root());
        for (CompletionNode node : CompletionNode.of(root)) {
            node.commands().forEach(word -> assertThat(script).contains(word.name()));
            String dashes = shell.equals("fish") ? "-l " : "--";
            node.options()
                    .forEach(option -> assertThat(option.names())
                            .filteredOn(name -> name.startsWith("--"))
                            .allSatisfy(name -> assertThat(script).contains(dashes + name.substring(2))));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        lizard do                    | doctor
        lizard bench k               | kernels
        lizard generate --te         | --temperature
        lizard --device c            | cpu cuda
        lizard generate --device = c | cpu cuda
        lizard merge --save-dtype b  | bfloat16
        lizard completion z          | zsh
        lizard help ins              | inspect
        lizard chat --prompt         | ''
        """)
    void bashCompletes(String typed, String expected) throws Exception {
        Path file = file("lizard.bash", script("bash"));
        String run = """
            source "$1"; shift
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            _lizard; echo "${COMPREPLY[*]}"
            """;
        List<String> command = Stream.concat(
                        Stream.of("bash", "--norc", "-c", run.strip(), "bash", file.toString()),
                        Stream.of(typed.strip().split(" +")))
                .toList();
        assertThat(shell(command.toArray(String[]::new)).strip()).isEqualTo(expected.strip());
    }

    @Test
    void aShellWithoutAScriptIsUsage() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("completion", "tcsh")).isEqualTo(2);
        assertThat(terminal.err())
                .isEqualToIgnoringNewLines("lizard: bad value in SHELL: expected one of bash, zsh, fish but found"
                        + " 'tcsh'; see 'lizard completion --help'");
    }
}
