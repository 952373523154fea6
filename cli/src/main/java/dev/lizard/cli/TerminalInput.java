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
import org.jspecify.annotations.Nullable;

/** Lines typed at a terminal, with editing and a history that outlives the chat. Ctrl-C ends the answer, Ctrl-D all. */
final class TerminalInput implements ChatInput {
    private static final String PROMPT = "> ";

    private final Terminal terminal;
    private final LineReader reader;
    private final AtomicBoolean stop = new AtomicBoolean();

    TerminalInput(Path history) {
        try {
            terminal = TerminalBuilder.builder().system(true).dumb(true).build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        terminal.handle(Terminal.Signal.INT, signal -> stop.set(true));
        reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .variable(LineReader.HISTORY_FILE, history)
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true) // '!' is just a character
                .build();
    }

    @Override
    public @Nullable String line() {
        stop.set(false);
        while (true) {
            try {
                return reader.readLine(PROMPT);
            } catch (UserInterruptException e) {
                if (e.getPartialLine().isEmpty()) {
                    return null;
                } // otherwise the line is thrown away and another begun
            } catch (EndOfFileException e) {
                return null;
            }
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
