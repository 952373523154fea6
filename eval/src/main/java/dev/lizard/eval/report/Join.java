package dev.lizard.eval.report;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Origin;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The results of several runs as those of one. Models of the same name are one model where the runs' provenance gives
 * both the same hash ({@code "model NAME"}, or {@code NAME} itself as key) and no number of theirs differs; otherwise each
 * gets its run's name behind its own. A row that stands in two runs is taken once.
 */
final class Join {
    /** Keys of rows whose value is a model's name. */
    private static final List<String> NAMES = List.of("model", "reference", "teacher", "student");

    private static final String MODELS = "models";

    private final List<Run> runs;
    private final List<ObjectNode> trees;
    private final Set<String> ambiguous = new HashSet<>();

    private Join(List<Run> runs) {
        this.runs = runs;
        this.trees = runs.stream()
                .map(run -> (ObjectNode) Json.MAPPER.valueToTree(run.results()))
                .toList();
    }

    static ResultSet of(List<Run> runs) {
        return runs.size() == 1 ? runs.getFirst().results() : new Join(runs).joined();
    }

    /** Each run with its models under the names that they have in the whole. */
    static List<Run> toldApart(List<Run> runs) {
        if (runs.size() == 1) {
            return runs;
        }
        Join join = new Join(runs);
        join.findAmbiguous();
        List<Run> told = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            ObjectNode tree = join.trees.get(i);
            String run = runs.get(i).name();
            for (var part : tree.properties()) {
                if (part.getValue() instanceof ArrayNode rows) {
                    for (int row = 0; row < rows.size(); row++) {
                        rows.set(row, join.told(part.getKey(), rows.get(row), run));
                    }
                }
            }
            told.add(new Run(run, bound(tree)));
        }
        return told;
    }

    private static ResultSet bound(ObjectNode tree) {
        return ConfigTree.of(tree, new Origin(Origin.Layer.RESULTS, "joined results"), Kind.INPUT)
                .bind(ResultSet.class);
    }

    private ResultSet joined() {
        findAmbiguous();
        ObjectNode whole = Json.object();
        whole.put("version", 1).put("title", "Lizard: " + runs.size() + " runs");
        Map<String, Set<JsonNode>> lists = new LinkedHashMap<>();
        Map<String, ObjectNode> models = new LinkedHashMap<>();
        for (int i = 0; i < trees.size(); i++) {
            for (var part : trees.get(i).properties()) {
                if (part.getValue() instanceof ArrayNode rows && !part.getKey().equals("story")) {
                    for (JsonNode row : rows) {
                        JsonNode told = told(part.getKey(), row, runs.get(i).name());
                        if (part.getKey().equals(MODELS)) {
                            fill(models.computeIfAbsent(told.path("name").asString(), name -> Json.object()), told);
                        } else {
                            lists.computeIfAbsent(part.getKey(), key -> new LinkedHashSet<>())
                                    .add(told);
                        }
                    }
                }
            }
        }
        lists.forEach((key, rows) -> whole.putArray(key).addAll(rows));
        whole.putArray(MODELS).addAll(models.values());
        trainedLength(whole);
        return bound(whole);
    }

    /** Drawn into charts only where it is the same for all who say it. */
    private void trainedLength(ObjectNode whole) {
        Set<Integer> lengths = new HashSet<>();
        for (Run run : runs) {
            Integer length = run.results().trainedLength();
            if (length != null) {
                lengths.add(length);
            }
        }
        if (lengths.size() == 1) {
            whole.put("trained_length", lengths.iterator().next());
        }
    }

    private JsonNode told(String list, JsonNode row, String run) {
        if (!(row instanceof ObjectNode object)) {
            return row;
        }
        ObjectNode told = object.deepCopy();
        for (String key : list.equals(MODELS) ? List.of("name") : NAMES) {
            if (told.path(key).isString() && ambiguous.contains(told.get(key).asString())) {
                told.put(key, told.get(key).asString() + " (" + run + ")");
            }
        }
        return told;
    }

    private static void fill(ObjectNode model, JsonNode row) {
        row.properties().forEach(entry -> {
            if (model.path(entry.getKey()).isNull()
                    || model.path(entry.getKey()).isMissingNode()) {
                model.set(entry.getKey(), entry.getValue());
            }
        });
    }

    private void findAmbiguous() {
        Map<String, String> hashes = new LinkedHashMap<>();
        Map<String, ObjectNode> rows = new LinkedHashMap<>();
        for (int i = 0; i < trees.size(); i++) {
            Run run = runs.get(i);
            for (String name : names(trees.get(i))) {
                Map<String, String> provenance = run.results().provenance();
                String hash = provenance.getOrDefault("model " + name, provenance.getOrDefault(name, run.name()));
                String before = hashes.putIfAbsent(name, hash);
                if (before != null && !before.equals(hash)) {
                    ambiguous.add(name);
                }
            }
            for (JsonNode row : trees.get(i).path(MODELS)) {
                ObjectNode known = rows.computeIfAbsent(row.path("name").asString(), name -> Json.object());
                if (contradicts(known, row)) {
                    ambiguous.add(row.path("name").asString());
                }
                fill(known, row);
            }
        }
    }

    private static boolean contradicts(ObjectNode known, JsonNode row) {
        return row.properties().stream().anyMatch(entry -> {
            JsonNode before = known.path(entry.getKey());
            return !before.isMissingNode()
                    && !before.isNull()
                    && !entry.getValue().isNull()
                    && !before.equals(entry.getValue());
        });
    }

    private static Set<String> names(ObjectNode tree) {
        Set<String> names = new LinkedHashSet<>();
        for (var part : tree.properties()) {
            for (JsonNode row : part.getValue() instanceof ArrayNode rows ? rows : Json.MAPPER.createArrayNode()) {
                for (String key : part.getKey().equals(MODELS) ? List.of("name") : NAMES) {
                    if (row.path(key).isString()) {
                        names.add(row.get(key).asString());
                    }
                }
            }
        }
        return names;
    }
}
