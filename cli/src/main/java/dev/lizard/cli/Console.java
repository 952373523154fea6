package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.OneLine;
import dev.lizard.base.Progress;
import java.io.PrintStream;
import java.io.Writer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a command says. Results go to standard output, as text or with {@code --json} as one object a line; notes,
 * warnings and progress go to standard error.
 */
final class Console {
    private final ResultStream out;
    private final PrintStream err;
    private final boolean json;
    private final boolean quiet;
    private final boolean seen;
    private final boolean live;
    private final LongSupplier nanos;
    private @Nullable String liveLine;
    private boolean passing; // the live line goes with the next that is said
    private boolean midLine; // text streamed to a terminal stands there without a line end
    private int displays;
    private long lastSpoken;

    Console(Streams streams, boolean json, boolean quiet, LongSupplier nanos) {
        this.out = streams.out();
        this.err = streams.err();
        this.seen = streams.seen();
        this.live = streams.live() && !json;
        this.json = json;
        this.quiet = quiet;
        this.nanos = nanos;
        lastSpoken = nanos.getAsLong();
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

    /** As {@link #emit}, for a result that is too large to be held as a text. */
    synchronized void emitLarge(Object value) {
        if (json) {
            Json.write(value, new Writer() {
                @Override
                public void write(char[] text, int offset, int length) {
                    Console.this.write(new String(text, offset, length));
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            });
            write("\n");
        }
    }

    /** Some of an object that is written as it is made; nothing without {@code --json}. */
    void emitPart(String part) {
        if (json) {
            write(part);
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
        say("lizard: warning: " + OneLine.of(text));
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
    synchronized Progress progress(String title, String unit, long total) {
        if (quiet) {
            return Progress.NONE;
        }
        displays++;
        return new ProgressLine(this, form(), title, unit, total, nanos);
    }

    /** One of {@link #progress} is shown no more. */
    synchronized void progressEnded() {
        displays--;
    }

    /** When something was last said, by the clock of this console. */
    synchronized long lastSpoken() {
        return lastSpoken;
    }

    /** Whether a line can be drawn that goes away again. */
    boolean redraws() {
        return live;
    }

    /**
     * Shows what takes so long, unless progress is shown or text would be overwritten.
     *
     * @param what null takes it away
     * @param seconds since it began
     */
    synchronized void status(@Nullable String what, double seconds) {
        if (what == null) {
            if (passing) {
                live(null);
            }
        } else if (!quiet && displays == 0 && !midLine) {
            switch (form()) {
                case LIVE -> {
                    live("%s ... %s".formatted(OneLine.of(what), ProgressLine.duration(seconds)));
                    passing = true;
                }
                case PLAIN -> say(OneLine.of(what) + " ...");
                case JSON -> say(Json.line(Json.object().put("progress", what)));
            }
        }
    }

    /** Redraws the one line at the bottom of a terminal; null takes it away. */
    synchronized void live(@Nullable String line) {
        // Wrapping is off while it is drawn: a line longer than the terminal is cut rather than scrolled.
        err.print(line == null ? "\r\u001b[K" : "\r\u001b[K\u001b[?7l" + line + "\u001b[?7h");
        err.flush();
        liveLine = line;
        passing = false;
    }

    /** A line on standard error, above the live one. */
    synchronized void say(String text) {
        String below = lift();
        out.flush();
        err.println(text);
        lower(below);
        err.flush();
    }

    private synchronized void write(String text) {
        String below = lift();
        out.print(text);
        out.check();
        if (seen && !text.isEmpty()) {
            midLine = !text.endsWith("\n");
        }
        lower(below);
    }

    /** Takes the live line away, and gives it where it is to be drawn again. */
    private @Nullable String lift() {
        lastSpoken = nanos.getAsLong();
        String below = passing ? null : liveLine;
        if (liveLine != null) {
            live(null);
        }
        return below;
    }

    private void lower(@Nullable String below) {
        if (below != null) {
            live(below);
        }
    }
}
