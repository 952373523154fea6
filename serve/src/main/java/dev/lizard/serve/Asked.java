package dev.lizard.serve;

import dev.lizard.serve.schedule.Work;
import java.util.List;

/**
 * A request for text, understood.
 *
 * @param works a prompt each
 * @param choices of each prompt
 * @param stream whether the answer comes in parts
 * @param usage whether a last part says how many tokens there were
 */
record Asked(List<Work> works, int choices, boolean stream, boolean usage) {
    Asked {
        works = List.copyOf(works);
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
