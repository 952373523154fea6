package dev.lizard.serve;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/** Conversations that requests go on with by name. One request at a time uses each. */
final class Sessions {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private final int most;
    private final Map<String, Session> all = new LinkedHashMap<>(); // oldest first

    /** A conversation under a name. */
    static final class Session {
        private final String name;
        private final long created = Instant.now().getEpochSecond();
        private volatile Conversation now;
        private boolean used;

        private Session(String name, Conversation now) {
            this.name = name;
            this.now = now;
        }

        String name() {
            return name;
        }

        /** Seconds since 1970. */
        long created() {
            return created;
        }

        Conversation now() {
            return now;
        }
    }

    /** Holds {@code most} at a time. */
    Sessions(int most) {
        this.most = most;
    }

    /** A name that a request gives, of a session or of its file: no path. */
    static String checked(String field, String name) {
        if (!NAME.matcher(name).matches()) {
            throw ApiError.field(
                    field,
                    "a name of 1 to 64 letters, digits, '.', '_' and '-', the first of the former two",
                    "another");
        }
        return name;
    }

    /** A name of our choice. */
    static String fresh() {
        return "sess-" + UUID.randomUUID().toString().replace("-", "");
    }

    synchronized Session create(String name, Conversation conversation) {
        if (all.containsKey(name)) {
            throw ApiError.of(409, "session '%s' exists: choose another id, or delete it".formatted(name));
        }
        if (all.size() >= most) {
            throw ApiError.of(429, "too many sessions: expected at most %d; delete one".formatted(most));
        }
        Session session = new Session(name, conversation);
        all.put(name, session);
        return session;
    }

    synchronized Session get(String name) {
        Session session = all.get(name);
        if (session == null) {
            throw ApiError.notFound("no session '%s': create it first".formatted(checked("session", name)));
        }
        return session;
    }

    synchronized List<Session> list() {
        return new ArrayList<>(all.values());
    }

    synchronized int count() {
        return all.size();
    }

    synchronized void delete(String name) {
        Session session = get(name);
        requireFree(session);
        all.remove(name);
    }

    private static void requireFree(Session session) {
        if (session.used) {
            throw ApiError.of(409, "session '%s' is in use by another request".formatted(session.name));
        }
    }

    /** Keeps others away until it is closed. */
    synchronized Hold hold(String name) {
        Session session = get(name);
        requireFree(session);
        session.used = true;
        return new Hold(session);
    }

    /** A session in use. What is not said to be its conversation's next state leaves it as it was. */
    final class Hold implements AutoCloseable {
        private final Session session;
        private boolean over;

        private Hold(Session session) {
            this.session = session;
        }

        Session session() {
            return session;
        }

        Conversation now() {
            return session.now;
        }

        /** Where the session stands from now on; others may go on with it. */
        void goOn(Conversation next) {
            session.now = next;
            close();
        }

        @Override
        public void close() {
            synchronized (Sessions.this) {
                if (!over) {
                    over = true;
                    session.used = false;
                }
            }
        }
    }
}
