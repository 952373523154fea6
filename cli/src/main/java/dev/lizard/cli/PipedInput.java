package dev.lizard.cli;

import dev.lizard.base.Interrupt;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Lines of standard input where it is no terminal. */
final class PipedInput implements ChatInput {
    private final BufferedReader reader;
    private final Interrupt interrupt;

    PipedInput(InputStream in, Interrupt interrupt) {
        reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        this.interrupt = interrupt;
    }

    @Override
    public @Nullable String line() {
        try {
            return interrupt.requested() ? null : reader.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public BooleanSupplier stop() {
        return interrupt::requested;
    }

    @Override
    public boolean live() {
        return false;
    }

    /** Standard input stays open: it is not ours. */
    @Override
    public void close() {}
}
