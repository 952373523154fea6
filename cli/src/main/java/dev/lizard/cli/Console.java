package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import java.io.PrintStream;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a command says. Results go to standard output, as text or with {@code --json} as one object a line; notes,
 * warnings and progress go to standard error.
 */
final class Console {
    private final PrintStream out;
    private final PrintStream err;
    private final boolean json;
    private final boolean quiet;
    private final boolean live;
    private final LongSupplier nanos;
    private @Nullable String liveLine;

    Console(Streams streams, boolean json, boolean quiet, LongSupplier nanos) {
        this.out = streams.out();
        this.err = streams.err();
        this.live = streams.live() && !json;
        this.json = json;
        this.quiet = quiet;
        this.nanos = nanos;
    }

    /** Whether results are to be JSON objects. */
    boolean json() {
        return json;
    }

    /** A result for people; nothing with {@code --json}. */
    void print(String text) {
        if (!json) {
            write(text + System.lineSeparator());
        }
    }

    /** A piece of a result as it comes, without a line end; nothing with {@code --json}. */
    void stream(String piece) {
        if (!json) {
            write(piece);
        }
    }

    /** A result for programs: one object on one line; nothing without {@code --json}. */
    void emit(Object value) {
        if (json) {
            write(Json.line(value) + "\n");
        }
    }

    /** One result in both forms, of which one is printed. */
    void result(Object value, String text) {
        emit(value);
        print(text);
    }

    /** Something worth knowing, not a result; nothing with {@code --quiet}. */
    void note(String text) {
        if (!quiet) {
            say(text);
        }
    }

    /** Something wrong that does not stop the work. */
    void warn(String text) {
        say("lizard: warning: " + text);
    }

    /** The line of an error. */
    void error(String text) {
        say("lizard: " + text);
    }

    /** The form in which progress is shown here. */
    private ProgressLine.Form form() {
        return json ? ProgressLine.Form.JSON : live ? ProgressLine.Form.LIVE : ProgressLine.Form.PLAIN;
    }

    /**
     * Begins to show progress.
     *
     * @param title such as {@code stage 1}
     * @param unit such as {@code tokens}
     * @param total how many units there are; 0 when unknown
     */
    Progress progress(String title, String unit, long total) {
        return quiet ? Progress.NONE : new ProgressLine(this, form(), title, unit, total, nanos);
    }

    /** Redraws the one line at the bottom of a terminal; null takes it away. */
    synchronized void live(@Nullable String line) {
        // Wrapping is off while it is drawn: a line longer than the terminal is cut rather than scrolled.
        err.print(line == null ? "\r\u001b[K" : "\r\u001b[K\u001b[?7l" + line + "\u001b[?7h");
        err.flush();
        liveLine = line;
    }

    /** A line on standard error, above the live one. */
    synchronized void say(String text) {
        String below = liveLine;
        if (below != null) {
            live(null);
        }
        out.flush();
        err.println(text);
        if (below != null) {
            live(below);
        }
        err.flush();
    }

    private synchronized void write(String text) {
        String below = liveLine;
        if (below != null) {
            live(null);
        }
        out.print(text);
        if (out.checkError()) {
            throw LizardException.failed("standard output was closed by its reader; nothing more to do");
        }
        if (below != null) {
            live(below);
        }
    }
}
