package dev.lizard.generate;

import dev.lizard.base.Progress;
import java.util.Arrays;
import java.util.Iterator;
import java.util.function.BooleanSupplier;

/**
 * Reads a prompt that comes in parts of any length. The session gets the pieces that it would cut the whole prompt into,
 * so that the scores are the same to the last bit.
 */
final class PromptParts {
    private final Session session;
    private final Iterator<int[]> parts;
    private int[] held = new int[0];
    private long count;
    private boolean complete;

    PromptParts(Session session, Iterator<int[]> parts) {
        this.session = session;
        this.parts = parts;
    }

    /** Tokens read. */
    long count() {
        return count;
    }

    /** Whether all was read, rather than stopped. */
    boolean isComplete() {
        return complete;
    }

    void read(long total, GenerationListener listener, BooleanSupplier stop) {
        int chunk = Session.chunk(session.decoder().device());
        while (parts.hasNext()) {
            if (count > 0 && stop.getAsBoolean()) {
                return;
            }
            int[] ids = held.length == 0 ? parts.next() : joined(held, parts.next());
            int whole = parts.hasNext() ? ids.length / chunk * chunk : ids.length;
            int read = session.prefill(Arrays.copyOf(ids, whole), chunk, progress(listener, count, total), stop);
            count += read;
            if (read < whole) {
                return;
            }
            held = Arrays.copyOfRange(ids, whole, ids.length);
        }
        complete = true;
    }

    private static int[] joined(int[] first, int[] second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static Progress progress(GenerationListener listener, long before, long total) {
        return new Progress() {
            @Override
            public void update(long done, String detail) {
                listener.prompt(before + done, total);
            }

            @Override
            public void close() {}
        };
    }
}
