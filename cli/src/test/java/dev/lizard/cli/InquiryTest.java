package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.cli.Inquiry.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "its programs are scripts for a POSIX shell")
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InquiryTest {
    private static final Duration LONG = Duration.ofSeconds(50);

    private static Inquiry ask(Duration patience, String script, String... args) {
        String[] command = new String[args.length + 3];
        command[0] = "/bin/sh";
        command[1] = "-c";
        command[2] = script;
        System.arraycopy(args, 0, command, 3, args.length);
        return Inquiry.run(patience, command);
    }

    @Test
    void anAnswerIsItsLines() {
        assertThat(ask(LONG, "cat; echo one; echo two; echo three >&2"))
                .isEqualTo(new Inquiry(State.ANSWERED, List.of("one", "two")));
    }

    @Test
    void anErrorAndAnEndlessAnswerAreFailures() {
        assertThat(ask(LONG, "echo one; exit 9")).isEqualTo(new Inquiry(State.FAILED, List.of()));
        assertThat(ask(LONG, "while :; do echo y; done")).isEqualTo(new Inquiry(State.FAILED, List.of()));
    }

    @Test
    void aProgramThatIsNotThereOrCannotBeRunIsMissing(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("program"), "not executable");
        assertThat(Inquiry.run(LONG, file.toString()).state()).isEqualTo(State.MISSING);
        assertThat(Inquiry.run(LONG, folder.resolve("none").toString()).state()).isEqualTo(State.MISSING);
    }

    @Test
    void oneThatHangsIsEndedWithAllThatItStarted(@TempDir Path folder) throws Exception {
        Path numbers = folder.resolve("numbers");
        Inquiry inquiry =
                ask(Duration.ofSeconds(2), "sleep 600 & echo $! $$ > \"$0\"; echo begun; wait", numbers.toString());
        assertThat(inquiry).isEqualTo(new Inquiry(State.SILENT, List.of()));
        for (String number : Files.readString(numbers).strip().split(" ")) {
            ProcessHandle.of(Long.parseLong(number))
                    .ifPresent(handle -> handle.onExit().join());
        }
    }

    @Test
    void nvidiaSmisAnswersAreTold() {
        assertThat(Cuda.describe(new Inquiry(State.SILENT, List.of())))
                .isEqualTo("a driver, but nvidia-smi does not answer");
        assertThat(Cuda.describe(new Inquiry(State.MISSING, List.of())))
                .isEqualTo("a driver, but there is no nvidia-smi that can be run");
        assertThat(Cuda.describe(new Inquiry(State.FAILED, List.of()))).isEqualTo("a driver, but nvidia-smi fails");
        String card = "NVIDIA H100 80GB HBM3, 81559 MiB, 570.86.15";
        assertThat(Cuda.describe(new Inquiry(State.ANSWERED, List.of(card, card))))
                .isEqualTo(card + "; " + card);
        for (List<String> garbage : List.of(List.<String>of(), List.of("\u001b[2J"), List.of(card, "?"))) {
            assertThat(Cuda.describe(new Inquiry(State.ANSWERED, garbage)))
                    .isEqualTo("a driver, but nvidia-smi names no card");
        }
    }
}
