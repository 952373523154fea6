package dev.lizard.generate;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The places of a conversation that can be gone back to, oldest first. Owns their snapshots; keeps so many at most. */
final class TurnSnapshots implements AutoCloseable {
    private static final int MOST = 8;
    private static final long MOST_BYTES = 1L << 29;

    /** A state and the text read there; no snapshot means that nothing was read. Forks hold the same one. */
    static final class Place {
        private final ReadText read;
        private final @Nullable Snapshot snapshot;
        private int holders = 1;

        Place(ReadText read, @Nullable Snapshot snapshot) {
            this.read = read;
            this.snapshot = snapshot;
        }

        ReadText read() {
            return read;
        }

        void takeBack(Session session) {
            if (snapshot == null) {
                session.reset();
            } else {
                session.rewind(snapshot);
            }
        }

        long bytes() {
            return snapshot == null ? 0 : snapshot.stateBytes();
        }

        private void close() {
            holders--;
            if (holders == 0 && snapshot != null) {
                snapshot.close();
            }
        }
    }

    private final Deque<Place> places = new ArrayDeque<>();

    /** Remembers where {@code session} stands. The oldest places give way, but never this one. */
    void push(Session session, ReadText read) {
        places.addLast(new Place(read, session.tokens() == 0 ? null : session.snapshot()));
        while (places.size() > 1 && (places.size() > MOST || bytes() > MOST_BYTES)) {
            places.removeFirst().close();
        }
    }

    /** The same places for a fork of the conversation. */
    void shareWith(TurnSnapshots fork) {
        for (Place place : places) {
            place.holders++;
            fork.places.addLast(place);
        }
    }

    /** The newest place, or null. */
    @Nullable
    Place newest() {
        return places.peekLast();
    }

    void dropNewest() {
        places.removeLast().close();
    }

    int count() {
        return places.size();
    }

    long bytes() {
        return places.stream().mapToLong(Place::bytes).sum();
    }

    void clear() {
        places.forEach(Place::close);
        places.clear();
    }

    @Override
    public void close() {
        clear();
    }
}
