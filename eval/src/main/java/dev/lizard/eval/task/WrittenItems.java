package dev.lizard.eval.task;

import dev.lizard.base.Json;
import dev.lizard.eval.task.Asking.Written;
import dev.lizard.eval.task.written.WrittenMetric;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Items of {@link Written}. */
final class WrittenItems {
    private final Written ask;
    private final Phrase prompt;
    private final @Nullable Phrase target;
    private final Map<String, WrittenMetric> scores = new LinkedHashMap<>();
    private final Shots shots;

    WrittenItems(TaskFile task, Written ask, TaskSource source) {
        this.ask = ask;
        prompt = new Phrase("prompt", ask.prompt());
        target = ask.target() == null ? null : new Phrase("target", ask.target());
        ask.scores().forEach(score -> scores.put(score.name(), score.metric()));
        shots = new Shots(task, source, this::example);
    }

    /** A question with its answer, the first if several are right. */
    private String example(DataItem item) {
        return prompt.render(item)
                + ask.delimiter()
                + String.join(", ", right(item).getFirst());
    }

    Item item(DataItem data, String id, Map<String, String> traits) {
        List<List<String>> right = right(data);
        String asked = shots.before(data) + prompt.render(data);
        return new Item(id, new Request.Written(asked, ask.stops(), ask.tokens()), traits, answer -> {
            String text = ((Answer.Written) answer).text();
            Map<String, Item.Value> values = new LinkedHashMap<>();
            scores.forEach((name, metric) -> values.put(name, Item.Value.of(metric.of(text, right))));
            return values;
        });
    }

    private List<List<String>> right(DataItem item) {
        if (target != null) {
            return List.of(List.of(target.render(item)));
        }
        String field = String.valueOf(ask.answers());
        Object value = item.require(field, "answers");
        List<List<String>> right = new ArrayList<>();
        for (Object one : value instanceof List<?> list ? list : List.of(value)) {
            List<String> spans = new ArrayList<>();
            for (Object span : one instanceof List<?> list ? list : List.of(one)) {
                if (!(span instanceof String || span instanceof Number)) {
                    throw wrong(item, field, value);
                }
                spans.add(span.toString());
            }
            if (spans.isEmpty()) {
                throw wrong(item, field, value);
            }
            right.add(List.copyOf(spans));
        }
        if (right.isEmpty()) {
            throw wrong(item, field, value);
        }
        return List.copyOf(right);
    }

    private static RuntimeException wrong(DataItem item, String field, Object value) {
        return item.wrong(
                field, "the right answers, each a text or a list of texts", Json.line(value), "correct the item");
    }

    static List<Measure> measures(Written ask) {
        return ask.metrics().stream()
                .map(name -> new Measure(name, Measure.Summary.MEAN, true))
                .toList();
    }
}
