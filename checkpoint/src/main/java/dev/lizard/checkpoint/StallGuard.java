package dev.lizard.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Reads a body that may fall silent: after the given time without a byte it is closed, which frees the reader. */
final class StallGuard implements AutoCloseable {
    private final InputStream body;
    private final Duration patience;
    private final Thread watcher;
    private volatile long lastByte = System.nanoTime();
    private volatile boolean stalled;

    StallGuard(InputStream body, Duration patience) {
        this.body = body;
        this.patience = patience;
        this.watcher = Thread.ofVirtual().name("download-stall-guard").start(this::watch);
    }

    int read(byte[] buffer) throws IOException {
        try {
            int count = body.read(buffer);
            lastByte = System.nanoTime();
            if (stalled) {
                throw new IOException("stalled");
            }
            return count;
        } catch (IOException e) {
            throw stalled ? new IOException("no byte for %d s".formatted(patience.toSeconds()), e) : e;
        }
    }

    private void watch() {
        try {
            long silent = 0;
            while (silent < patience.toNanos()) {
                Thread.sleep(Duration.ofNanos(patience.toNanos() - silent));
                silent = System.nanoTime() - lastByte;
            }
            stalled = true;
            body.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the body was read: nothing to guard
        } catch (IOException e) {
            stalled = true; // closing is what was wanted; the reader gets the error
        }
    }

    @Override
    public void close() {
        watcher.interrupt();
    }
}
