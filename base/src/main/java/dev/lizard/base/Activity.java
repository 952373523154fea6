package dev.lizard.base;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Work that may take seconds and shows nothing of its own, named for the person who waits: {@code "loading model.gguf"}.
 * Any room begins one around such work; whoever shows them listens and decides when to speak.
 *
 * <pre>{@code
 * try (Activity hashing = Activity.begin("hashing " + file)) { ... }
 * }</pre>
 */
public final class Activity implements AutoCloseable {
    /** Hears what is being done. */
    @FunctionalInterface
    public interface Listener {
        /** {@code what} was begun last among the work not yet ended; null where there is none. */
        void changed(@Nullable String what);
    }

    private static final Deque<Activity> RUNNING = new ArrayDeque<>();
    private static Listener listener = what -> {};

    private final String what;

    private Activity(String what) {
        this.what = what;
    }

    /** Begins work; the caller closes it where the work ends. */
    public static Activity begin(String what) {
        synchronized (RUNNING) {
            Activity activity = new Activity(what);
            RUNNING.push(activity);
            listener.changed(what);
            return activity;
        }
    }

    /** Sets who is notified of all work of this process, from what is being done now on. */
    public static void listen(Listener listener) {
        synchronized (RUNNING) {
            Activity.listener = listener;
            tell();
        }
    }

    private static void tell() {
        Activity current = RUNNING.peek();
        listener.changed(current == null ? null : current.what);
    }

    @Override
    public void close() {
        synchronized (RUNNING) {
            if (RUNNING.remove(this)) {
                tell();
            }
        }
    }
}
