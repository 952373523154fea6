package dev.lizard.cli;

import dev.lizard.base.Interrupt;
import dev.lizard.base.LizardException;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Lines of standard input where it is no terminal. */
final class PipedInput implements ChatInput {
    private static final int LOOK_MILLIS = 100;

    private final BufferedReader reader;
    private final Interrupt interrupt;

    PipedInput(InputStream in, Interrupt interrupt) {
        reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        this.interrupt = interrupt;
    }

    /** Reads beside the waiting: a read cannot be interrupted, but the user who waits for it must be heard. */
    @Override
    public Typed line(boolean more) {
        FutureTask<@Nullable String> reading = new FutureTask<>(reader::readLine);
        Thread.ofPlatform().daemon().start(reading);
        while (!interrupt.requested()) {
            try {
                String line = reading.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                return line == null ? new End() : new Line(line);
            } catch (TimeoutException e) {
                // look again whether the user wants to stop
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                throw new LizardException(
                        LizardException.Kind.INPUT,
                        "cannot read standard input: %s; give lines of text".formatted(cause.getMessage()),
                        e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new End();
            }
        }
        return new End();
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
