package dev.lizard.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What another program answered.
 *
 * @param lines its standard output; empty unless it answered
 */
record Inquiry(State state, List<String> lines) {
    /** How it went. */
    enum State {
        ANSWERED,
        /** It is not there or cannot be run. */
        MISSING,
        /** It ended with an error, or with more than anybody asked for. */
        FAILED,
        /** It did not end in time. */
        SILENT
    }

    private static final int MOST_BYTES = 1 << 16;

    /** Runs a program that reads nothing; when its time is over, it and all that it started are ended. */
    static Inquiry run(Duration patience, String... command) {
        long end = System.nanoTime() + patience.toNanos();
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().close();
        } catch (IOException e) {
            return new Inquiry(State.MISSING, List.of());
        }
        // Read beside the waiting: a program that hangs keeps its output open.
        FutureTask<byte[]> reading =
                new FutureTask<>(() -> process.getInputStream().readNBytes(MOST_BYTES));
        Thread.ofPlatform().daemon().start(reading);
        try {
            byte[] bytes = reading.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (bytes.length == MOST_BYTES) {
                return new Inquiry(State.FAILED, List.of());
            }
            if (!process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                return new Inquiry(State.SILENT, List.of());
            }
            return process.exitValue() == 0
                    ? new Inquiry(
                            State.ANSWERED,
                            new String(bytes, StandardCharsets.UTF_8).lines().toList())
                    : new Inquiry(State.FAILED, List.of());
        } catch (TimeoutException e) {
            return new Inquiry(State.SILENT, List.of());
        } catch (ExecutionException e) {
            return new Inquiry(State.FAILED, List.of());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Inquiry(State.SILENT, List.of());
        } finally {
            List<ProcessHandle> children = process.descendants().toList();
            process.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
