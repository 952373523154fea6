package dev.lizard.eval.result;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Origin;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Results of an earlier run of a folder with those of a later one. */
final class Merge {
    /** What tells the rows of a list apart, as far as they have it: rows of the same were measured anew. */
    private static final List<String> KEYS = List.of("model", "task", "metric", "size", "set", "prompt", "without");

    private static final List<String> KEPT = List.of("version", "title", "story");

    private Merge() {}

    static ResultSet of(ResultSet older, ResultSet newer) {
        ObjectNode whole = Json.MAPPER.valueToTree(older);
        ObjectNode fresh = Json.MAPPER.valueToTree(newer);
        fresh.properties().forEach(part -> {
            JsonNode there = whole.path(part.getKey());
            if (part.getValue() instanceof ArrayNode rows && part.getKey().equals("models")) {
                models((ArrayNode) there, rows);
            } else if (part.getValue() instanceof ArrayNode rows && !KEPT.contains(part.getKey())) {
                replace((ArrayNode) there, rows);
            } else if (part.getValue() instanceof ObjectNode entries) {
                ((ObjectNode) there).setAll(entries);
            } else if (there.isNull()) {
                whole.set(part.getKey(), part.getValue());
            }
        });
        return ConfigTree.of(whole, new Origin(Origin.Layer.RESULTS, "merged results"), Kind.INPUT)
                .bind(ResultSet.class);
    }

    private static void replace(ArrayNode rows, ArrayNode fresh) {
        Set<List<JsonNode>> anew = new HashSet<>();
        fresh.forEach(row -> anew.add(identity(row)));
        rows.removeIf(row -> anew.contains(identity(row)));
        rows.addAll(fresh);
    }

    private static List<JsonNode> identity(JsonNode row) {
        return KEYS.stream().map(row::path).toList();
    }

    /** In their old places; what a later run did not measure stays. */
    private static void models(ArrayNode rows, ArrayNode fresh) {
        for (JsonNode row : fresh) {
            ObjectNode known = null;
            for (JsonNode old : rows) {
                known = old.path("name").equals(row.path("name")) ? (ObjectNode) old : known;
            }
            if (known == null) {
                rows.add(row);
                continue;
            }
            for (var value : row.properties()) {
                if (!value.getValue().isNull()) {
                    known.set(value.getKey(), value.getValue());
                }
            }
        }
    }
}
