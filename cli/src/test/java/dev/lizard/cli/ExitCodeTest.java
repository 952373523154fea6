package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.MethodSource;

class ExitCodeTest {
    @ParameterizedTest
    @CsvFileSource(resources = "/usage-faults.csv", delimiter = '|', quoteCharacter = '`')
    void usageFaultsAreOneLineAndTwo(String line, String message) {
        Terminal terminal = new Terminal();
        assertThat(terminal.run(line.split(" "))).isEqualTo(2);
        assertThat(terminal.err()).isEqualTo(message + System.lineSeparator());
        assertThat(terminal.out()).isEmpty();
    }

    @Test
    void aBareLizardShowsItsHelpOnStandardError() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run()).isEqualTo(2);
        assertThat(terminal.err()).startsWith("Usage: lizard [OPTIONS] COMMAND");
        assertThat(terminal.run("config")).isEqualTo(2);
        assertThat(terminal.err()).startsWith("Usage: lizard config [OPTIONS] COMMAND");
    }

    @Test
    void aKeyThatNothingReadsIsNamed() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("doctor", "--set", "thread=3")).isEqualTo(2);
        assertThat(terminal.err())
                .startsWith(
                        "lizard: unknown key 'thread' in --set thread: expected a setting such as threads, head, reads")
                .endsWith(" but found 3; did you mean 'threads'?" + System.lineSeparator());
    }

    @Test
    void aBadVariableIsNamed() {
        Terminal terminal = new Terminal().with("LIZARD_SEED", "many");
        assertThat(terminal.run("doctor")).isEqualTo(2);
        assertThat(terminal.err())
                .startsWith("lizard: bad value in LIZARD_SEED: expected a whole number but found 'many'");
    }

    @Test
    void anEmptyVariableCountsAsNone() {
        Terminal terminal =
                new Terminal().with("LIZARD_SEED", "").with("LIZARD_CONFIG", "").with("LIZARD_CACHE", "");
        assertThat(terminal.run("config", "show", "--origin"))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.outLines())
                .filteredOn(line -> line.startsWith("seed ") || line.startsWith("cache "))
                .hasSize(2)
                .allMatch(line -> line.endsWith("built-in"));
    }

    @Test
    void moreThreadsThanCoresAreNotStarted() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("config", "show", "--threads=10000")).isZero();
        assertThat(terminal.err())
                .isEqualToIgnoringNewLines("--threads 10000: more than the cores of this machine; working with "
                        + Runtime.getRuntime().availableProcessors());
    }

    @Test
    void whatBreaksALineIsSpelt() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("inspect", "a\nb\u001b[2J c")).isEqualTo(3);
        assertThat(terminal.err())
                .startsWith("lizard: no model in 'a\\nb\\u001b[2J c': ")
                .hasLineCount(1);
        assertThat(terminal.run("doctor", "--seed", "1\n2")).isEqualTo(2);
        assertThat(terminal.err()).contains("found '1\\n2'").hasLineCount(1);
        assertThat(terminal.run("do\nctor")).isEqualTo(2);
        assertThat(terminal.err()).contains("unknown command 'do\\nctor'").hasLineCount(1);
    }

    @Test
    void debugAddsTheStackTrace() {
        Terminal terminal = new Terminal();
        assertThat(terminal.run("doctor", "--debug", "--seed", "x")).isEqualTo(2);
        assertThat(terminal.err()).contains("\tat dev.lizard.cli.App.run");
    }

    static Stream<Arguments> failures() {
        LizardException input = LizardException.input("bad magic in a.gguf");
        return Stream.of(
                Arguments.of(LizardException.failed("diverged"), 1, "diverged"),
                Arguments.of(LizardException.usage("bad flag"), 2, "bad flag"),
                Arguments.of(input, 3, "bad magic in a.gguf"),
                Arguments.of(LizardException.environment("no disk"), 4, "no disk"),
                Arguments.of(new LizardException(LizardException.Kind.INTERRUPTED, "interrupted"), 130, "interrupted"),
                Arguments.of(new ExceptionInInitializerError(input), 3, "bad magic in a.gguf"),
                Arguments.of(new RuntimeException(input), 3, "bad magic in a.gguf"),
                Arguments.of(new OutOfMemoryError("heap"), 4, "raise it with LIZARD_HEAP=4g"),
                Arguments.of(new RuntimeException("CUDA out of memory. Tried"), 4, "--dtype bfloat16"),
                Arguments.of(new IOException("a/b: No space left on device"), 4, "no space left on the disk"),
                Arguments.of(new UncheckedIOException(new AccessDeniedException("/x")), 4, "no permission for"),
                Arguments.of(
                        new IllegalStateException("x\ny"), 1, "IllegalStateException: x; this is a fault of lizard"),
                Arguments.of(new StackOverflowError(), 1, "this is a fault of lizard"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void everyFailureHasItsCodeAndOneLine(Throwable thrown, int code, String part) {
        Failure failure = Failure.of(thrown, null);
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.line()).contains(part).doesNotContain("\n");
    }
}
