package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Progress;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SilenceWatchTest {
    private static final long SECOND = 1_000_000_000L;
    private static final String DRAW = "\r\u001b[K\u001b[?7l";
    private static final String ERASE = "\r\u001b[K";

    private final Terminal terminal = new Terminal();
    private final AtomicLong clock = new AtomicLong();

    private Console console(boolean live, boolean json, boolean quiet) {
        return new Console(terminal.streams(live), json, quiet, clock::get);
    }

    private void look(SilenceWatch watch, int seconds) {
        for (int i = 0; i < seconds; i++) {
            clock.addAndGet(SECOND);
            watch.look();
        }
    }

    private String shown() {
        return terminal.err().replace("\r\n", "\n");
    }

    @Test
    void aTerminalShowsWhatIsDoneUntilItEnds() {
        SilenceWatch watch = new SilenceWatch(console(true, false, false), clock::get);
        watch.changed("loading demo");
        look(watch, 1);
        assertThat(shown()).isEmpty();
        look(watch, 2);
        watch.changed(null);
        look(watch, 5);
        assertThat(shown())
                .isEqualTo(DRAW + "loading demo ... 2.0s\u001b[?7h" + DRAW + "loading demo ... 3.0s\u001b[?7h" + ERASE);
    }

    @Test
    void elsewhereItIsALineThatIsRepeatedAfterLong() {
        SilenceWatch watch = new SilenceWatch(console(false, false, false), clock::get);
        watch.changed("loading a\nb");
        look(watch, 31);
        watch.changed("hashing a");
        look(watch, 2);
        assertThat(shown()).isEqualTo("loading a\\nb ...\nhashing a ...\n");
        watch.changed("loading a\nb");
        look(watch, 40);
        assertThat(shown()).isEqualTo("loading a\\nb ...\nhashing a ...\nloading a\\nb ...\nloading a\\nb ...\n");
    }

    @Test
    void withJsonItIsAnObject() {
        SilenceWatch watch = new SilenceWatch(console(true, true, false), clock::get);
        watch.changed("loading demo");
        look(watch, 3);
        assertThat(shown()).isEqualTo("{\"progress\":\"loading demo\"}\n");
        assertThat(terminal.out()).isEmpty();
    }

    @Test
    void quietMeansQuiet() {
        SilenceWatch watch = new SilenceWatch(console(false, false, true), clock::get);
        watch.changed("loading demo");
        look(watch, 60);
        assertThat(shown()).isEmpty();
    }

    @Test
    void whatIsSaidTakesItsPlaceAndBeginsTheWaitAnew() {
        Console console = console(true, false, false);
        SilenceWatch watch = new SilenceWatch(console, clock::get);
        watch.changed("loading demo");
        look(watch, 2);
        console.note("a note");
        look(watch, 1);
        assertThat(shown()).endsWith("\u001b[?7h" + ERASE + "a note\n");
        look(watch, 1);
        assertThat(shown()).endsWith("loading demo ... 4.0s\u001b[?7h");
    }

    @Test
    void progressAndTextThatIsBeingStreamedAreNotDrawnOver() {
        Console console = new Console(
                new Streams(terminal.streams(true).out(), terminal.streams(true).err(), true, true),
                false,
                false,
                clock::get);
        SilenceWatch watch = new SilenceWatch(console, clock::get);
        watch.changed("generating");
        console.stream("Once upon");
        look(watch, 9);
        assertThat(shown()).isEmpty();
        console.stream(" a time\n");
        look(watch, 3);
        assertThat(shown()).contains("generating ... ");
        Progress progress = console.progress("score", "tokens", 3);
        String before = shown();
        look(watch, 9);
        assertThat(shown()).isEqualTo(before);
        progress.close();
        look(watch, 3);
        assertThat(shown()).endsWith("generating ... 24s\u001b[?7h");
    }
}
