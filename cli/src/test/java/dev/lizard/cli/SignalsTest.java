package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lizard.base.Interrupt;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill to send signals with")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SignalsTest {
    /** A program of long work: {@code polite} stops at its next poll, {@code deaf} never polls. */
    static final class LongWork {
        private LongWork() {}

        public static void main(String[] args) throws Exception {
            Streams streams = new Streams(new ResultStream(System.out), System.err, false, false);
            Interrupt interrupt = new Interrupt();
            Console console = new Console(streams, false, false, System::nanoTime);
            Signals.install(interrupt, console, "stopping after this step; press Ctrl-C again to end at once");
            System.out.println("ready");
            while (args[0].equals("deaf") || !interrupt.requested()) {
                Thread.onSpinWait();
            }
            System.out.println("state saved");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void theFirstSignalLetsTheWorkSaveItsState(String signal) throws Exception {
        requireHeard(signal);
        Process work = start("polite");
        try (BufferedReader out = work.inputReader();
                BufferedReader err = work.errorReader()) {
            assertThat(out.readLine()).isEqualTo("ready");
            send(signal, work);
            assertThat(err.readLine()).startsWith("stopping after this step");
            assertThat(out.readLine()).isEqualTo("state saved");
            assertThat(work.waitFor()).isZero();
        } finally {
            work.destroyForcibly();
        }
    }

    @Test
    void theSecondSignalEndsAtOnceWith130() throws Exception {
        requireHeard("INT");
        Process work = start("deaf");
        try (BufferedReader out = work.inputReader();
                BufferedReader err = work.errorReader()) {
            assertThat(out.readLine()).isEqualTo("ready");
            send("INT", work);
            assertThat(err.readLine()).contains("press Ctrl-C again");
            send("INT", work);
            assertThat(work.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(work.exitValue()).isEqualTo(130);
        } finally {
            work.destroyForcibly();
        }
    }

    /** A shell without job control starts background work with SIGINT ignored, and every child inherits that. */
    private static void requireHeard(String signal) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (signal.equals("INT") && Files.exists(status)) {
            try (Stream<String> lines = Files.lines(status)) {
                long ignored = lines.filter(line -> line.startsWith("SigIgn:"))
                        .mapToLong(
                                line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                        .sum();
                assumeTrue((ignored & 2) == 0, "SIGINT is ignored here: run the tests in the foreground");
            }
        }
    }

    private static Process start(String manner) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new ProcessBuilder(java, "-cp", System.getProperty("java.class.path"), LongWork.class.getName(), manner)
                .start();
    }

    private static void send(String signal, Process process) throws Exception {
        int code = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        assertThat(code).isZero();
    }
}
