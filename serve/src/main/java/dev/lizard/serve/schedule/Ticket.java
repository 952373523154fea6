package dev.lizard.serve.schedule;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where the one who asked hears what becomes of his {@link Work}s. What he has not yet taken is bounded by what he
 * asked for.
 */
public final class Ticket {
    /** What happened to the work of this number. */
    public record Told(int work, Event event) {}

    private final BlockingQueue<Told> events = new LinkedBlockingQueue<>();
    private volatile boolean cancelled;

    void tell(int work, Event event) {
        events.add(new Told(work, event));
    }

    /** The next event; null where none came within so many milliseconds. */
    public @Nullable Told next(long millis) throws InterruptedException {
        return events.poll(millis, TimeUnit.MILLISECONDS);
    }

    /** Says that nobody waits any longer: the lanes become free. */
    public void cancel() {
        cancelled = true;
    }

    boolean cancelled() {
        return cancelled;
    }
}
