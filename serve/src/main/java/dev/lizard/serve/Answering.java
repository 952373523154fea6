package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.generate.FinishReason;
import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.Scheduler;
import dev.lizard.serve.schedule.Ticket;
import dev.lizard.serve.schedule.TokenScore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Has a request done and writes the answer, whole or as it comes. */
final class Answering {
    /** A wait after which it is looked whether the client is still there. */
    private static final long GLANCE_MILLIS = 250;

    /** Glances without anything to say after which a stream shows that it is alive. */
    private static final int SILENCE = 40;

    /** A choice of one of the prompts. */
    private static final class Choice {
        private final StringBuilder text = new StringBuilder();
        private final List<TokenScore> tokens = new ArrayList<>();
        private String reason = "length"; // of one that writes nothing
    }

    private final Asked asked;
    private final Shape shape;
    private final Served served;
    private final Connections.Client client;
    private final Ticket ticket;
    private final String id;
    private final long created = Instant.now().getEpochSecond();
    private final List<List<TokenScore>> prompts = new ArrayList<>();
    private final List<Choice> choices = new ArrayList<>();
    private int open;
    private int cached;
    private int written;

    /** Hands the request over; 429 where there is no room. */
    Answering(Asked asked, Shape shape, Served served, Connections.Client client, Scheduler scheduler) {
        this.asked = asked;
        this.shape = shape;
        this.served = served;
        this.client = client;
        id = shape.prefix() + UUID.randomUUID().toString().replace("-", "");
        for (int work = 0; work < asked.works().size(); work++) {
            prompts.add(List.of());
            for (int i = 0; i < asked.choices(); i++) {
                choices.add(new Choice());
            }
        }
        open = asked.works().stream()
                .mapToInt(work -> Math.max(1, work.choices().size()))
                .sum();
        ticket = scheduler.submit(asked.works()).orElseThrow(Answering::full);
    }

    static ApiError full() {
        return ApiError.of(429, "too many requests wait; try again later");
    }

    int written() {
        return written;
    }

    // ---- whole -----------------------------------------------------------------------------------------------------

    /** The whole answer. */
    ObjectNode whole() {
        try {
            while (open > 0) {
                Ticket.Told told = next(null);
                gather(told);
            }
        } finally {
            ticket.cancel();
        }
        ObjectNode answer = head(false);
        ArrayNode list = answer.putArray("choices");
        for (int index = 0; index < choices.size(); index++) {
            Choice choice = choices.get(index);
            int work = index / asked.choices();
            list.add(numbered(
                    index, shape.whole(work, prompts.get(work), choice.text.toString(), choice.tokens, choice.reason)));
        }
        return answer.set("usage", usage());
    }

    private void gather(Ticket.Told told) {
        switch (told.event()) {
            case Event.Piece piece -> {
                Choice choice = choices.get(told.work() * asked.choices() + piece.choice());
                choice.text.append(piece.text());
                choice.tokens.addAll(piece.tokens());
            }
            case Event.Read read -> read(told.work(), read);
            case Event.Ended ended -> {
                ended(ended);
                choices.get(told.work() * asked.choices() + ended.choice()).reason =
                        ended.reason().toString();
            }
            case Event.Failed failed -> throw failure(failed);
            case Event.Stored _ -> throw new IllegalStateException("a state where text was asked for");
        }
    }

    private void read(int work, Event.Read read) {
        prompts.set(work, read.scores());
        cached += read.cached();
        if (asked.works().get(work).choices().isEmpty()) {
            open--;
            asked.after().accept(new Event.Ended(0, FinishReason.LENGTH, 0, List.of(), ""));
        }
    }

    private void ended(Event.Ended ended) {
        asked.after().accept(ended);
        written += ended.tokens();
        open--;
    }

    // ---- in parts --------------------------------------------------------------------------------------------------

    /** Writes the answer as it comes. A failure is its last part. */
    void stream(EventStream out) {
        try {
            while (open > 0) {
                part(next(out), out);
            }
            if (asked.usage()) {
                ObjectNode last = head(true);
                last.putArray("choices");
                out.send(last.set("usage", usage()));
            }
        } catch (ApiError e) {
            out.send(e.json());
        } finally {
            ticket.cancel();
        }
        out.done();
    }

    private void part(Ticket.Told told, EventStream out) {
        int first = told.work() * asked.choices();
        switch (told.event()) {
            case Event.Piece piece -> send(out, first + piece.choice(), shape.parts(first + piece.choice(), piece));
            case Event.Read read -> {
                read(told.work(), read);
                for (int i = 0; i < asked.choices(); i++) {
                    ObjectNode opening = shape.opening(told.work(), first + i, read.scores());
                    if (opening != null) {
                        send(out, first + i, List.of(opening));
                    }
                    if (asked.works().get(told.work()).choices().isEmpty()) {
                        send(out, first + i, shape.endings(i, "length"));
                    }
                }
            }
            case Event.Ended ended -> {
                ended(ended);
                send(
                        out,
                        first + ended.choice(),
                        shape.endings(ended.choice(), ended.reason().toString()));
            }
            case Event.Failed failed -> throw failure(failed);
            case Event.Stored _ -> throw new IllegalStateException("a state where text was asked for");
        }
    }

    private void send(EventStream out, int index, List<ObjectNode> choices) {
        for (ObjectNode choice : choices) {
            ObjectNode part = head(true);
            if (!choice.has(Shape.REASON)) {
                choice.putNull(Shape.REASON);
            }
            part.putArray("choices").add(numbered(index, choice));
            if (asked.usage()) {
                part.putNull("usage");
            }
            out.send(part);
        }
    }

    // ---- both ------------------------------------------------------------------------------------------------------

    private Ticket.Told next(@Nullable EventStream out) {
        try {
            for (int glances = 1; ; glances++) {
                Ticket.Told told = ticket.next(GLANCE_MILLIS);
                if (told != null) {
                    return told;
                }
                if (out == null && client.isGone()) { // a stream notices when it writes
                    throw new ClientGone();
                }
                if (out != null && glances % SILENCE == 0) {
                    out.alive();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGone();
        }
    }

    private ObjectNode head(boolean part) {
        return Json.object()
                .put("id", id)
                .put("object", shape.object(part))
                .put("created", created)
                .put("model", served.id());
    }

    private static ObjectNode numbered(int index, ObjectNode choice) {
        return Json.object().put("index", index).setAll(choice);
    }

    private ObjectNode usage() {
        int read = asked.works().stream().mapToInt(work -> work.prompt().length).sum();
        ObjectNode usage = Json.object()
                .put("prompt_tokens", read)
                .put("completion_tokens", written)
                .put("total_tokens", read + written);
        usage.putObject("prompt_tokens_details").put("cached_tokens", cached);
        if (choices.size() == 1) { // what one sequence takes, and what it would with softmax attention
            usage.put("state_bytes", served.stateBytes().applyAsLong(read + written));
            usage.put("cache_bytes", served.cacheBytes().applyAsLong(read + written));
        }
        return usage;
    }

    static ApiError failure(Event.Failed failed) {
        return switch (failed.cause()) {
            case TIME -> ApiError.of(408, failed.message());
            case CLOSING -> ApiError.of(503, failed.message());
            case FILE -> ApiError.malformed(failed.message());
            case FAULT -> ApiError.of(500, failed.message());
        };
    }
}
