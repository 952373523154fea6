package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Each help text is a file; {@code -Dhelp.update=true} writes them anew. */
class HelpTest {
    private static final Path FOLDER =
            Path.of(Objects.requireNonNull(System.getProperty("lizard.root")), "cli/src/test/resources/help");

    static Stream<String> commands() {
        List<String> names = new ArrayList<>();
        CommandLine root =
                new App(new Terminal().streams(false), Map.of(), SilenceWatch.Starter.NONE).commandLine(new Root());
        collect(root, names);
        return names.stream();
    }

    private static void collect(CommandLine command, List<String> names) {
        names.add(command.getCommandSpec().qualifiedName());
        command.getSubcommands().values().forEach(sub -> collect(sub, names));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpTextsAreAsWritten(String command) throws IOException {
        String[] path = command.replaceFirst("^lizard ?", "").split(" ");
        Terminal terminal = new Terminal();
        String[] args = Stream.concat(Stream.of(path).filter(p -> !p.isEmpty()), Stream.of("--help"))
                .toArray(String[]::new);

        assertThat(terminal.run(args)).isZero();

        Path file = FOLDER.resolve(command.replace(' ', '-') + ".txt");
        if (Boolean.getBoolean("help.update")) {
            Files.writeString(file, terminal.out());
        }
        assertThat(terminal.out()).isEqualTo(Files.readString(file));
        assertThat(terminal.err()).isEmpty();
    }

    @Test
    void everyHelpFileBelongsToACommand() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(
                            commands().map(c -> c.replace(' ', '-') + ".txt").toList());
        }
    }

    @Test
    void helpCommandShowsTheSameAsTheFlag() {
        Terminal flag = new Terminal();
        flag.run("config", "show", "--help");
        Terminal command = new Terminal();
        assertThat(command.run("help", "config", "show")).isZero();
        assertThat(command.out()).isEqualTo(flag.out());
    }

    @Test
    void versionIsTheBuilds() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("-V")).isZero();
        String brief = terminal.out();
        assertThat(terminal.run("--version")).isZero();
        assertThat(terminal.out()).isEqualTo(brief);
        assertThat(terminal.out()).matches("lizard \\d+\\.\\d+\\.\\d+\\S* \\(Java .*\\)\\R");
    }
}
