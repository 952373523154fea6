package dev.lizard.serve;

import dev.lizard.serve.schedule.Scheduler;
import java.util.List;

/** A model that is served, and what serves it. */
record Backend(Served served, Scheduler scheduler, TokenTexts texts, Grammars grammars) {
    Backend(Served served, Scheduler scheduler) {
        this(served, scheduler, new TokenTexts(served.tokenizer()), new Grammars(served.tokenizer()));
    }

    /** The one that a request asks for; the first where it names none. */
    static Backend of(List<Backend> all, Fields fields) {
        String model = fields.text("model");
        if (model == null) {
            return all.getFirst();
        }
        return named(all, model);
    }

    static Backend named(List<Backend> all, String id) {
        return all.stream()
                .filter(one -> one.served.id().equals(id))
                .findFirst()
                .orElseThrow(() -> ApiError.noModel(
                        id,
                        String.join(
                                "' or '",
                                all.stream().map(one -> one.served.id()).toList())));
    }
}
