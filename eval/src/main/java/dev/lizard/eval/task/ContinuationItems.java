package dev.lizard.eval.task;

import dev.lizard.eval.task.Asking.Continuation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Items of {@link Continuation}. */
final class ContinuationItems {
    private final Continuation ask;
    private final Phrase prompt;
    private final Phrase continuation;
    private final Shots shots;

    ContinuationItems(TaskFile task, Continuation ask, TaskSource source) {
        this.ask = ask;
        prompt = new Phrase("prompt", ask.prompt());
        continuation = new Phrase("continuation", ask.continuation());
        shots = new Shots(task, source, item -> prompt.render(item) + after(item));
    }

    private String after(DataItem item) {
        String text = ask.delimiter() + continuation.render(item);
        if (text.isEmpty()) {
            throw item.wrong(String.join(" ", continuation.fields()), "a text", "an empty one", "correct the item");
        }
        return text;
    }

    Item item(DataItem data, String id, Map<String, String> traits) {
        Request.Candidate only = new Request.Candidate(shots.before(data) + prompt.render(data), after(data));
        return new Item(id, new Request.Likelihoods(List.of(only)), traits, answer -> {
            Answer.Likelihood likelihood = ((Answer.Likelihoods) answer).all().getFirst();
            Map<String, Item.Value> values = new HashMap<>();
            values.put("acc", Item.Value.of(likelihood.isGreedy()));
            values.put("perplexity", Item.Value.of(likelihood.logLikelihood()));
            values.keySet().retainAll(ask.metrics());
            return values;
        });
    }

    static List<Measure> measures(Continuation ask) {
        return ask.metrics().stream()
                .map(name ->
                        name.equals("acc") ? Measure.ACCURACY : new Measure(name, Measure.Summary.PERPLEXITY, false))
                .toList();
    }
}
