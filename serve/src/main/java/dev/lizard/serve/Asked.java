package dev.lizard.serve;

import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.Work;
import java.util.List;
import java.util.function.Consumer;

/**
 * A request for text, understood.
 *
 * @param works a prompt each
 * @param choices of each prompt
 * @param stream whether the answer comes in parts
 * @param usage whether a last part says how many tokens there were
 * @param after hears of each choice that is complete, before the last part of it is sent
 */
record Asked(List<Work> works, int choices, boolean stream, boolean usage, Consumer<Event.Ended> after) {
    Asked {
        works = List.copyOf(works);
    }

    /** Refuses what a session cannot go on with. */
    static void requireOne(Fields fields) {
        fields.refuse("leave it out beside session", "echo");
        if (fields.whole("n", 1, 1, Integer.MAX_VALUE) != 1) {
            throw ApiError.unsupported("n", "a session goes on with one answer; fork it for others");
        }
    }

    /** Refuses a request for another model. */
    static void requireModel(Fields fields, Served served) {
        String model = fields.text("model");
        if (model != null && !model.equals(served.id())) {
            throw ApiError.noModel(model, served.id());
        }
    }

    /** Refuses what does not fit into the context; {@code tokens} of a prompt and {@code more} after it. */
    static void requireRoom(String param, long tokens, long more, Served served) {
        if (tokens + more > served.context()) {
            throw ApiError.tooLong(
                    param,
                    "too long for this model: expected at most %d tokens but found %d in the prompt and %d to write"
                            .formatted(served.context(), tokens, more));
        }
    }

    /** {@code include_usage} of the field {@code stream_options}. */
    static boolean usage(Fields fields) {
        return fields.object("stream_options").flag("include_usage", false);
    }
}
