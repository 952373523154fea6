package dev.lizard.eval.report;

import dev.lizard.base.Json;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A README.md for the hub: results as the {@code model-index} of its head, in the form that the hub's own reader asks for,
 * then the verdict, the table and what it takes to do it again.
 */
final class ModelCard {
    private static final String HUB_NAME = "[\\w.-]+/[\\w.-]+";

    private ModelCard() {}

    static String of(List<Run> runs, ResultSet whole) {
        StringBuilder out = new StringBuilder("---\n").append(head(whole)).append("---\n\n");
        out.append(Headline.markdown(runs, whole));
        out.append("This model keeps a state of fixed size instead of a cache that grows with the text. It runs with"
                + " Lizard on the JVM:\n\n    lizard generate --model DIR --prompt \"Once upon a time\"\n\n");
        for (Part part : Part.IN_ORDER) {
            if (part.id().equals("scores")
                    || part.id().equals("models")
                    || part.id().equals("provenance")) {
                out.append(part.of(runs, whole).markdown());
            }
        }
        return out.toString();
    }

    private static String head(ResultSet whole) {
        ObjectNode head = Json.object();
        head.put("library_name", "lizard").put("pipeline_tag", "text-generation");
        whole.models().stream()
                .filter(model -> model.role() == Role.TEACHER && model.name().matches(HUB_NAME))
                .findFirst()
                .ifPresent(teacher -> head.put("base_model", teacher.name()));
        head.putArray("tags").add("lizard").add("linear-attention").add("constant-memory");
        ArrayNode index = head.putArray("model-index");
        List<Measured> figures = Measurements.of(whole);
        for (String model : models(whole)) {
            ArrayNode results = Json.MAPPER.createArrayNode();
            byTask(figures, model).values().forEach(task -> result(results.addObject(), task));
            if (!results.isEmpty()) {
                index.addObject().put("name", model).set("results", results);
            }
        }
        return Json.YAML.writeValueAsString(head).replaceFirst("^---\\s*\n", "");
    }

    /** The students; where there are none, all but the teachers; where there are only these, they. */
    private static List<String> models(ResultSet whole) {
        List<String> students = names(whole, List.of(Role.STUDENT));
        List<String> others = names(whole, List.of(Role.OTHER, Role.TRANSFERRED, Role.SWAPPED));
        return !students.isEmpty() ? students : !others.isEmpty() ? others : names(whole, List.of(Role.TEACHER));
    }

    private static List<String> names(ResultSet whole, List<Role> roles) {
        return whole.models().stream()
                .filter(model -> roles.contains(model.role()))
                .map(ModelResult::name)
                .toList();
    }

    private static Map<String, List<Measured>> byTask(List<Measured> figures, String model) {
        Map<String, List<Measured>> tasks = new LinkedHashMap<>();
        for (Measured figure : figures) {
            if (figure.model().equals(model)) {
                tasks.computeIfAbsent(figure.what(), task -> new ArrayList<>()).add(figure);
            }
        }
        return tasks;
    }

    private static void result(ObjectNode result, List<Measured> figures) {
        result.putObject("task").put("type", "text-generation").put("name", "Text generation");
        Measured first = figures.getFirst();
        result.putObject("dataset").put("type", first.task()).put("name", first.what());
        ArrayNode metrics = result.putArray("metrics");
        for (Measured figure : figures) {
            Metric metric = Metric.of(figure.metric());
            Interval interval = figure.interval();
            String range = interval == null ? "" : " (95 %: " + interval.show(metric.units()) + ")";
            metrics.addObject()
                    .put("type", figure.metric())
                    .put("value", figure.value())
                    .put("name", metric.words() + range);
        }
    }
}
