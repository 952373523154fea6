package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.serve.Sessions.Session;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /v1/sessions}: what is asked of sessions beside text. An answer is an object each. */
record SessionRoutes(Served served, Sessions sessions, SavedSessions saved, Transfers transfers) {
    static final String ROOT = "/v1/sessions";

    /** What can be done with a session that exists, or will. */
    Map<String, Action> verbs() {
        return Map.of("fork", this::fork, "rewind", this::rewind, "save", this::save, "load", this::load);
    }

    /** Answers what is asked of a session. */
    interface Action {
        ObjectNode of(String name, Fields fields);
    }

    ObjectNode list() {
        ObjectNode all = Json.object().put("object", "list");
        ArrayNode data = all.putArray("data");
        sessions.list().forEach(session -> data.add(brief(session)));
        saved.names().forEach(all.putArray("saved")::add);
        return all;
    }

    ObjectNode create(Fields fields) {
        return brief(sessions.create(id(fields), Conversation.EMPTY));
    }

    ObjectNode get(String name) {
        Session session = sessions.get(name);
        Conversation now = session.now();
        ObjectNode all = brief(session);
        ArrayNode ends = all.putArray("ends");
        now.turns().forEach(turn -> ends.add(turn.tokens()));
        ArrayNode messages = all.putArray("messages");
        now.messages().forEach(message -> messages.add(Json.MAPPER.valueToTree(message.fields())));
        return all;
    }

    ObjectNode delete(String name) {
        sessions.delete(name);
        return deleted(name);
    }

    ObjectNode deleteSaved(String name) {
        saved.delete(name);
        return deleted(name);
    }

    private static ObjectNode deleted(String name) {
        return Json.object().put("id", name).put("object", "session.deleted").put("deleted", true);
    }

    private ObjectNode fork(String name, Fields fields) {
        return brief(sessions.create(id(fields), sessions.get(name).now()));
    }

    private ObjectNode rewind(String name, Fields fields) {
        return changed(name, now -> {
            if (fields.has("turns") == fields.has("tokens")) {
                throw ApiError.field("turns", "either turns or tokens", fields.has("turns") ? "both" : "neither");
            }
            if (fields.has("tokens")) {
                return now.afterTokens(fields.whole("tokens", 0, 0, now.ids().length), served.tokenizer());
            }
            int count = now.turns().size();
            int turns = fields.whole("turns", 0, -count, count);
            return now.afterTurns(turns < 0 ? count + turns : turns, served.tokenizer());
        });
    }

    private ObjectNode save(String name, Fields fields) {
        String file = file(name, fields);
        return changed(name, now -> {
                    if (now.ids().length == 0) {
                        throw ApiError.field("session", "one that has read something", "an empty one");
                    }
                    transfers.save(now, file);
                    return now;
                })
                .put("file", file);
    }

    private ObjectNode load(String name, Fields fields) {
        Sessions.checked("session", name);
        String file = file(name, fields);
        Session session = sessions.create(name, Conversation.EMPTY);
        boolean whole = false;
        try (Sessions.Hold hold = sessions.hold(name)) {
            hold.goOn(transfers.load(file));
            whole = true;
        } finally {
            if (!whole) {
                sessions.delete(name);
            }
        }
        return brief(session).put("file", file);
    }

    private ObjectNode changed(String name, Function<Conversation, Conversation> change) {
        try (Sessions.Hold hold = sessions.hold(name)) {
            hold.goOn(change.apply(hold.now()));
            return brief(hold.session());
        }
    }

    private static String file(String name, Fields fields) {
        String file = fields.text("file");
        return Sessions.checked("file", file == null ? name : file);
    }

    private static String id(Fields fields) {
        @Nullable String id = fields.text("id");
        return id == null ? Sessions.fresh() : Sessions.checked("id", id);
    }

    private ObjectNode brief(Session session) {
        Conversation now = session.now();
        return Json.object()
                .put("id", session.name())
                .put("object", "session")
                .put("created", session.created())
                .put("tokens", now.ids().length)
                .put("turns", now.turns().size())
                .put("state_bytes", served.stateBytes().applyAsLong(now.ids().length))
                .put("cache_bytes", served.cacheBytes().applyAsLong(now.ids().length));
    }
}
