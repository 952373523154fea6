package dev.lizard.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/**
 * Lines typed at a terminal, with editing and a history that outlives the chat. What is pasted stays one line, line ends
 * included. Ctrl-C ends the answer or gives up the line, Ctrl-D ends all.
 */
final class TerminalInput implements ChatInput {
    private static final String PROMPT = "> ";
    private static final String MORE = "... ";

    private final Terminal terminal;
    private final LineReader reader;
    private final AtomicBoolean stop = new AtomicBoolean();
    private volatile boolean waiting;

    /**
     * Opens the terminal of this process.
     *
     * @param history where lines are kept from one chat to the next; null to keep none
     * @param hint is run where the user seems to want to leave and the terminal cannot give up a line
     */
    TerminalInput(@Nullable Path history, Runnable hint) {
        try {
            terminal = TerminalBuilder.builder().system(true).dumb(true).build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (terminal.getType().startsWith(Terminal.TYPE_DUMB)) {
            // Such a terminal hands no signals on, and the default would end the program.
            Signals.register("INT", () -> {
                stop.set(true);
                if (waiting) {
                    hint.run();
                }
            });
        } else {
            terminal.handle(Terminal.Signal.INT, signal -> stop.set(true));
        }
        LineReaderBuilder builder = LineReaderBuilder.builder()
                .terminal(terminal)
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true); // '!' is just a character
        if (history != null) {
            builder.variable(LineReader.HISTORY_FILE, history);
        }
        reader = builder.build();
    }

    @Override
    public Typed line(boolean more) {
        stop.set(false);
        waiting = true;
        try {
            return new Line(reader.readLine(more ? MORE : PROMPT));
        } catch (UserInterruptException e) {
            return new GivenUp(!more && e.getPartialLine().isEmpty());
        } catch (EndOfFileException e) {
            return new End();
        } finally {
            waiting = false;
        }
    }

    @Override
    public BooleanSupplier stop() {
        return stop::get;
    }

    @Override
    public boolean live() {
        return true;
    }

    @Override
    public void close() {
        try {
            terminal.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
