package dev.lizard.eval.report;

import dev.lizard.base.Json;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every figure of the results, one a line of {@code model,task,metric,traits,value,low,high,n}. Lists of any record are
 * read by the names of its fields: {@code x_error} (or {@code stderr}) is the standard error of {@code x}, texts and places
 * are traits, counts of what was averaged are {@code n}, everything else that is a number is a figure.
 */
final class Tidy {
    private static final String HEAD = "model,task,metric,traits,value,low,high,n\n";

    /** Those that {@link Measurements} has, with intervals. */
    private static final Set<String> COMPARED = Set.of("models", "tasks", "recall");

    private static final Set<String> PLACES = Set.of(
            "layer",
            "head",
            "context",
            "length",
            "depth",
            "from",
            "to",
            "step",
            "position",
            "seed",
            "width",
            "size",
            "pairs");
    private static final List<String> COUNTS =
            List.of("n", "asked", "samples", "windows", "prompts", "texts", "items", "count", "seeds");
    /** Shares of hits and misses, whose count is their error. */
    private static final Set<String> HITS = Set.of("exact", "written", "accuracy", "picked");

    private static final Set<String> NO_TRAITS = Set.of("model", "task", "metric");

    private final List<Measured> figures = new ArrayList<>();

    private Tidy() {}

    static String csv(List<Run> runs, ResultSet whole) {
        StringBuilder out = new StringBuilder(HEAD);
        Measurements.of(whole).forEach(figure -> out.append(line(figure)));
        for (Run run : Join.toldApart(runs)) {
            of(run).forEach(figure -> out.append(line(figure)));
        }
        return out.toString();
    }

    /** All but those of {@link Measurements}; what names no model is told by its run. */
    static List<Measured> of(Run run) {
        Tidy tidy = new Tidy();
        ObjectNode tree = Json.MAPPER.valueToTree(run.results());
        for (var part : tree.properties()) {
            if (part.getValue() instanceof ArrayNode rows && !COMPARED.contains(part.getKey())) {
                for (JsonNode row : rows) {
                    if (row instanceof ObjectNode object) {
                        tidy.row(run.name(), part.getKey(), "", Map.of(), object);
                    }
                }
            }
        }
        return tidy.figures;
    }

    private void row(String model, String task, String metric, Map<String, String> outer, ObjectNode row) {
        String asked = row.path("task").asString(task);
        String named = row.path("metric").asString(metric);
        String who = row.path("model").asString(model);
        Map<String, String> traits = new LinkedHashMap<>(outer);
        row.properties().forEach(field -> {
            if (trait(field.getKey(), field.getValue())) {
                traits.put(field.getKey(), field.getValue().asString());
            } else if (field.getKey().equals("traits")) {
                field.getValue()
                        .properties()
                        .forEach(each ->
                                traits.put(each.getKey(), each.getValue().asString()));
            }
        });
        Long n = COUNTS.stream()
                .filter(key -> row.path(key).isIntegralNumber())
                .findFirst()
                .map(key -> row.get(key).asLong())
                .orElse(null);
        for (var field : row.properties()) {
            String key = field.getKey();
            String what = key.equals("value") && !named.isEmpty() ? named : key;
            JsonNode value = field.getValue();
            JsonNode error = row.path(key + "_error");
            if (figure(key, value)) {
                JsonNode known = error.isNumber() || row.has(key + "_error") ? error : row.path("stderr");
                figures.add(figure(who, asked, what, traits, value, known, n));
            } else if (value instanceof ArrayNode list && !key.endsWith("_error")) {
                list(who, asked, named.isEmpty() ? key : named, traits, list, error, n);
            }
        }
    }

    private void list(
            String model,
            String task,
            String metric,
            Map<String, String> traits,
            ArrayNode list,
            JsonNode errors,
            @Nullable Long n) {
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i) instanceof ObjectNode inner) {
                row(model, task, metric, traits, inner);
            } else if (list.get(i).isNumber()) {
                Map<String, String> place = new LinkedHashMap<>(traits);
                place.put("index", Integer.toString(i));
                figures.add(figure(model, task, metric, place, list.get(i), errors.path(i), n));
            }
        }
    }

    private static Measured figure(
            String model,
            String task,
            String metric,
            Map<String, String> traits,
            JsonNode value,
            JsonNode error,
            @Nullable Long n) {
        Interval interval = error.isNumber() ? Interval.ofMean(value.asDouble(), error.asDouble()) : null;
        if (interval == null && n != null && HITS.contains(metric)) {
            interval = Interval.ofShare(value.asDouble(), (int) Math.min(n, Integer.MAX_VALUE));
        }
        return new Measured(model, task, metric, traits, value.asDouble(), interval, n);
    }

    private static boolean trait(String key, JsonNode value) {
        return value.isString() ? !NO_TRAITS.contains(key) : value.isNumber() && PLACES.contains(key);
    }

    private static boolean figure(String key, JsonNode value) {
        return value.isNumber()
                && !trait(key, value)
                && !COUNTS.contains(key)
                && !key.endsWith("_error")
                && !key.equals("stderr");
    }

    private static String line(Measured figure) {
        Interval interval = figure.interval();
        String traits = figure.traits().entrySet().stream()
                .map(trait -> trait.getKey() + "=" + trait.getValue())
                .collect(Collectors.joining(";"));
        List<String> cells = List.of(
                quoted(figure.model()),
                quoted(figure.task()),
                quoted(figure.metric()),
                quoted(traits),
                number(figure.value()),
                interval == null ? "" : number(interval.low()),
                interval == null ? "" : number(interval.high()),
                figure.n() == null ? "" : figure.n().toString());
        return String.join(",", cells) + "\n";
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    private static String quoted(String text) {
        return text.matches("(?s).*[\",\r\n].*") ? '"' + text.replace("\"", "\"\"") + '"' : text;
    }
}
