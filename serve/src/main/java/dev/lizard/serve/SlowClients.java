package dev.lizard.serve;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Cuts off clients that do not read what is written to them: the thread that waits is interrupted, which closes. */
final class SlowClients implements AutoCloseable {
    private final Map<Thread, Long> since = new ConcurrentHashMap<>();
    private final Duration limit;
    private final Thread sweeper;

    /** The time of one write, closed when it is done. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    SlowClients(Duration limit) {
        this.limit = limit;
        sweeper = Thread.ofVirtual().name("slow clients").start(this::sweep);
    }

    Watch watch() {
        Thread thread = Thread.currentThread();
        since.put(thread, System.nanoTime());
        return () -> since.remove(thread);
    }

    private void sweep() {
        try {
            while (true) {
                Thread.sleep(Math.clamp(limit.toMillis() / 4, 10, 1_000));
                long now = System.nanoTime();
                since.forEach((thread, start) -> {
                    if (now - start > limit.toNanos() && since.remove(thread, start)) {
                        thread.interrupt();
                    }
                });
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        sweeper.interrupt();
    }
}
