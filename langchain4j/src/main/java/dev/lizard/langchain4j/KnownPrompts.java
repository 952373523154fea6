package dev.lizard.langchain4j;

import dev.lizard.generate.Session;
import dev.lizard.generate.Snapshot;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** The states after the last prompts, from which longer ones go on. From one thread at a time. */
final class KnownPrompts implements AutoCloseable {
    private static final int MOST = 8;
    private static final long MOST_BYTES = 1L << 29;

    @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
    private record Known(int[] ids, Snapshot state) {
        boolean begins(int[] prompt) {
            return ids.length <= prompt.length && Arrays.equals(ids, 0, ids.length, prompt, 0, ids.length);
        }
    }

    private final Deque<Known> all = new ArrayDeque<>(); // used longest ago first
    private long read;

    /** Takes a new session to the longest beginning of {@code prompt} that is known; gives its length. */
    int bring(Session session, int[] prompt) {
        Known best = null;
        for (Known known : all) {
            best = known.begins(prompt) && (best == null || known.ids.length > best.ids.length) ? known : best;
        }
        if (best != null) {
            session.rewind(best.state);
            all.remove(best);
            all.addLast(best);
        }
        int length = best == null ? 0 : best.ids.length;
        read += prompt.length - length;
        return length;
    }

    /** Keeps where {@code session} stands behind {@code prompt}, while there is room. */
    void keep(int[] prompt, Session session) {
        Known newest = all.peekLast();
        if (newest != null && Arrays.equals(newest.ids, prompt)) {
            return;
        }
        all.addLast(new Known(prompt, session.snapshot()));
        while (all.size() > MOST || bytes() > MOST_BYTES) {
            all.removeFirst().state.close();
        }
    }

    private long bytes() {
        return all.stream().mapToLong(known -> known.state.bytes()).sum();
    }

    /** Tokens of prompts that had to be read. */
    long read() {
        return read;
    }

    @Override
    public void close() {
        all.forEach(known -> known.state.close());
        all.clear();
    }
}
