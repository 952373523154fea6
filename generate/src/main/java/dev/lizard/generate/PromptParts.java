package dev.lizard.generate;

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
    private final int chunk;
    private int[] held = new int[0];
    private int from;
    private long count;

    PromptParts(Session session, Iterator<int[]> parts) {
        this.session = session;
        this.parts = parts;
        chunk = session.chunk();
    }

    /** Tokens read. */
    long count() {
        return count;
    }

    /** Whether all was read. */
    boolean isComplete() {
        return from == held.length && !parts.hasNext();
    }

    /** Reads the next piece, if there is one. */
    void readPiece() {
        while (held.length - from < chunk && parts.hasNext()) {
            int[] part = parts.next();
            for (int id : part) {
                Session.check(id, session.decoder().vocabulary());
            }
            int rest = held.length - from;
            int[] joined = Arrays.copyOfRange(held, from, from + rest + part.length);
            System.arraycopy(part, 0, joined, rest, part.length);
            held = joined;
            from = 0;
        }
        int end = Math.min(held.length, from + chunk);
        if (end > from) {
            session.prefill(Arrays.copyOfRange(held, from, end));
            count += end - from;
            from = end;
        }
    }

    /** Reads all, or until stopped; {@code stop} is asked between pieces. */
    void read(long total, GenerationListener listener, BooleanSupplier stop) {
        while (!isComplete() && !(count > 0 && stop.getAsBoolean())) {
            readPiece();
            listener.prompt(count, total);
        }
    }
}
