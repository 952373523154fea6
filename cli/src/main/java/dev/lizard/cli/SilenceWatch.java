package dev.lizard.cli;

import dev.lizard.base.Activity;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Says what is being done where nothing was said for two seconds: on a terminal as a line that goes away again,
 * elsewhere as a line that is repeated after long. While progress is shown it keeps still.
 */
final class SilenceWatch implements Activity.Listener {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Duration REPEAT = Duration.ofSeconds(30);
    private static final Duration TICK = Duration.ofMillis(500);

    /** Who watches a run. */
    @FunctionalInterface
    interface Starter {
        /** Nobody. */
        Starter NONE = console -> () -> {};

        Watched start(Console console);
    }

    /** A run that is watched until this is closed. */
    @FunctionalInterface
    interface Watched extends AutoCloseable {
        @Override
        void close();
    }

    private final Console console;
    private final LongSupplier nanos;
    private @Nullable String what;
    private @Nullable String said;
    private long waiting;
    private long began;

    SilenceWatch(Console console, LongSupplier nanos) {
        this.console = console;
        this.nanos = nanos;
    }

    /** Watches from now on, in a thread of its own that does not keep the program alive. */
    static Watched start(Console console) {
        SilenceWatch watch = new SilenceWatch(console, System::nanoTime);
        Timer clock = new Timer("silence", true);
        TimerTask looking = new TimerTask() {
            @Override
            public void run() {
                watch.look();
            }
        };
        clock.schedule(looking, PATIENCE.toMillis(), TICK.toMillis());
        Activity.listen(watch);
        return () -> {
            clock.cancel();
            Activity.listen(nothing -> {});
            watch.changed(null);
        };
    }

    /** Where work ends the line is taken away at once: a prompt may follow. */
    @Override
    public synchronized void changed(@Nullable String now) {
        began = nanos.getAsLong();
        if (what == null) {
            waiting = began;
        }
        if (now == null) {
            said = null;
            console.status(null, 0);
        }
        what = now;
    }

    /** Looks once whether there is something to say. */
    synchronized void look() {
        String doing = what;
        if (doing == null) {
            return;
        }
        long now = nanos.getAsLong();
        boolean again = doing.equals(said) && !console.redraws();
        if (now - Math.max(waiting, console.lastSpoken()) >= (again ? REPEAT : PATIENCE).toNanos()) {
            console.status(doing, (now - began) / 1e9);
            said = doing;
        }
    }
}
