package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Progress;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long SECOND = 1_000_000_000L;

    private final Terminal terminal = new Terminal();
    private final AtomicLong clock = new AtomicLong();

    /** Warm-up of four seconds, then a thousand tokens a second, a step every four seconds. */
    private String story(boolean live, boolean json) {
        Console console = new Console(terminal.streams(live), json, false, clock::get);
        try (Progress progress = console.progress("stage 1", "tokens", 32_000)) {
            for (int step = 1; step <= 8; step++) {
                clock.addAndGet(4 * SECOND);
                progress.update(step * 4_000L, "loss " + (10 - step));
                if (step == 2) {
                    console.note("a note");
                }
            }
        }
        return terminal.err().replace("\r\n", "\n");
    }

    @Test
    void plainLinesComeNowAndThen() {
        assertThat(story(false, false)).isEqualTo("""
                stage 1: 0/32.0K tokens 0%  starting, the first step warms up
                stage 1: 4.0K/32.0K tokens 12%  loss 9
                a note
                stage 1: 16.0K/32.0K tokens 50%  1.0K tokens/s  16s left  loss 6
                stage 1: 28.0K/32.0K tokens 87%  1.0K tokens/s  4.0s left  loss 3
                stage 1: 32.0K/32.0K tokens 100% in 32s  loss 2
                """);
        assertThat(terminal.out()).isEmpty();
    }

    @Test
    void jsonLinesGoToStandardErrorToo() {
        String lines = story(false, true);
        assertThat(lines)
                .startsWith("""
                        {"progress":"stage 1","done":0,"total":32000,"unit":"tokens"}
                        {"progress":"stage 1","done":4000,"total":32000,"unit":"tokens"}
                        {"progress":"stage 1","done":8000,"total":32000,"unit":"tokens","per_s":1000.0,"left_s":24.0}
                        a note
                        """)
                .endsWith("\"done\":32000,\"total\":32000,\"unit\":\"tokens\",\"per_s\":1000.0,\"left_s\":0.0,"
                        + "\"elapsed_s\":32.0}\n");
        assertThat(terminal.out()).isEmpty();
    }

    @Test
    void aTerminalKeepsOneLineBelowTheNotes() {
        String shown = story(true, false);
        String draw = "\r\u001b[K\u001b[?7l";
        String line = draw + "stage 1: 8.0K/32.0K tokens 25%  1.0K tokens/s  24s left  loss 8\u001b[?7h";
        assertThat(shown)
                .contains(line + "\r\u001b[Ka note\n" + line)
                .endsWith("\r\u001b[Kstage 1: 32.0K/32.0K tokens 100% in 32s  loss 2\n");
    }

    @Test
    void quietSaysNothing() {
        Console console = new Console(terminal.streams(true), false, true, clock::get);
        console.progress("x", "steps", 0).update(3, "");
        console.note("a note");
        assertThat(terminal.err()).isEmpty();
        console.warn("trouble");
        assertThat(terminal.err()).isEqualToIgnoringNewLines("lizard: warning: trouble");
    }

    @Test
    void unknownTotalsShowNoShare() {
        Console console = new Console(terminal.streams(false), false, false, clock::get);
        Progress progress = console.progress("reading", "documents", 0);
        progress.update(1, "");
        clock.addAndGet(20 * SECOND);
        progress.update(101, "");
        assertThat(terminal.err()).contains("reading: 101 documents  5 documents/s");
    }

    @Test
    void numbersAndTimesAreShort() {
        assertThat(ProgressLine.count(950)).isEqualTo("950");
        assertThat(ProgressLine.count(0.25)).isEqualTo("0.3");
        assertThat(ProgressLine.count(3_200_000)).isEqualTo("3.20M");
        assertThat(ProgressLine.count(7.5e9)).isEqualTo("7.50G");
        assertThat(ProgressLine.duration(0.44)).isEqualTo("0.4s");
        assertThat(ProgressLine.duration(59.7)).isEqualTo("1m00s");
        assertThat(ProgressLine.duration(250)).isEqualTo("4m10s");
        assertThat(ProgressLine.duration(7500)).isEqualTo("2h05m");
    }
}
