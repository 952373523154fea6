package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.Engine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Standard output that is full, was closed by its reader, or was never open; a standard error that is full. */
class StandardOutputTest {
    @TempDir
    static Path temp;

    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    /** Else it would be loaded from the cache folder of this test, which the next does not find. */
    @BeforeAll
    static void loadTheEngine() {
        assertThat(Engine.threads()).isPositive();
    }

    /** A stream that takes so many bytes and then fails as the system does. */
    private static final class Failing extends OutputStream {
        private final String message;
        private int room;

        Failing(String message, int room) {
            this.message = message;
            this.room = room;
        }

        @Override
        public void write(int one) throws IOException {
            if (room-- <= 0) {
                throw new IOException(message);
            }
        }
    }

    private int run(String fault, int room, String... args) {
        Streams streams = new Streams(
                new ResultStream(new Failing(fault, room)),
                new PrintStream(errors, true, StandardCharsets.UTF_8),
                false,
                false);
        Map<String, String> environment = Map.of("LIZARD_CACHE", temp.toString(), "LIZARD_DEVICE", "cpu");
        return new App(streams, environment, SilenceWatch.Starter.NONE).run(args);
    }

    private String errors() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "--version",
                "help inspect",
                "config show",
                "doctor --json",
                "inspect demo",
                "inspect demo --json",
                "tokenize --model demo --text abc",
                "generate --model demo --prompt abc --max-tokens 4 --quiet",
                "generate --model demo --prompt abc --max-tokens 4 --quiet --json"
            })
    void aFullOneIsNamedWhateverWritesToIt(String line) {
        assertThat(run("No space left on device", 2, line.split(" "))).isEqualTo(4);
        assertThat(errors())
                .isEqualToIgnoringNewLines(
                        "lizard: cannot write standard output: no space left on its device;" + " send it elsewhere");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "inspect demo", "generate --model demo --prompt abc --max-tokens 4 --quiet"})
    void aReaderThatLeavesEndsTheWorkQuietly(String line) {
        assertThat(run("Broken pipe", 3, line.split(" "))).isEqualTo(141);
        assertThat(errors()).isEmpty();
    }

    @Test
    void oneThatWasNeverOpenIsNamed() {
        assertThat(run("Bad file descriptor", 0, "--version")).isEqualTo(4);
        assertThat(errors())
                .contains("cannot write standard output: Bad file descriptor; open it, or send it to a file");
    }

    @Test
    void aFullStandardErrorKeepsNothingFromBeingDone() {
        ByteArrayOutputStream results = new ByteArrayOutputStream();
        Streams streams = new Streams(
                new ResultStream(results),
                new PrintStream(new Failing("No space left on device", 0), true, StandardCharsets.UTF_8),
                false,
                false);
        String[] args = {"generate", "--model=demo", "--prompt=abc", "--max-tokens=2", "--json", "--threads=10000"};
        Map<String, String> environment = Map.of("LIZARD_CACHE", temp.toString(), "LIZARD_DEVICE", "cpu");
        assertThat(new App(streams, environment, SilenceWatch.Starter.NONE).run(args))
                .isZero();
        assertThat(results.toString(StandardCharsets.UTF_8)).contains("\"completion_tokens\":2");
    }
}
