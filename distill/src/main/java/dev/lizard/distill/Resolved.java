package dev.lizard.distill;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Configurations written out in full, built-in values included, as they were used. */
final class Resolved {
    private Resolved() {}

    /** The tree that binds to the same record of {@code type} with nothing left to defaults. */
    static ObjectNode tree(ConfigTree tree, Class<?> type) {
        ObjectNode root = Json.object();
        for (ConfigTree.Entry entry : tree.explain(type)) {
            JsonNode value = Json.MAPPER.readTree(entry.value());
            if (!value.isNull()) {
                put(root, entry.key().split("\\.", -1), value);
            }
        }
        return root;
    }

    private static void put(ObjectNode root, String[] steps, JsonNode value) {
        JsonNode at = root;
        for (int i = 0; i < steps.length - 1; i++) {
            boolean list = steps[i + 1].matches("\\d{1,9}");
            JsonNode next = child(at, steps[i]);
            if (next == null) {
                next = list ? Json.MAPPER.createArrayNode() : Json.object();
                add(at, steps[i], next);
            }
            at = next;
        }
        add(at, steps[steps.length - 1], value);
    }

    private static @Nullable JsonNode child(JsonNode at, String step) {
        return at instanceof ArrayNode array ? array.get(Integer.parseInt(step)) : at.get(step);
    }

    private static void add(JsonNode at, String step, JsonNode value) {
        switch (at) {
            case ObjectNode object -> object.set(step, value);
            case ArrayNode array -> array.add(value); // entries come in order
            default -> throw new IllegalStateException("no keys below " + at);
        }
    }

    /**
     * Writes {@code tree} as YAML, or, where the file is there already, demands that it says the same.
     *
     * @param today gives what the file says in today's spelling
     * @throws LizardException USAGE naming the first key that differs
     */
    static void writeOrCompare(Path file, ObjectNode tree, UnaryOperator<JsonNode> today) {
        if (Files.exists(file)) {
            compare(file, "", tree, today.apply(Json.read(file, LizardException.Kind.INPUT)));
            return;
        }
        AtomicFiles.write(file, Json.YAML.writeValueAsString(tree).getBytes(StandardCharsets.UTF_8));
    }

    private static void compare(Path file, String key, JsonNode expected, JsonNode found) {
        Map<String, JsonNode> mine = children(expected);
        Map<String, JsonNode> theirs = children(found);
        if (mine.isEmpty() && theirs.isEmpty()) {
            if (!plain(expected).equals(plain(found))) {
                throw differs(file, key, expected.toString(), found.toString());
            }
            return;
        }
        theirs.forEach((name, node) -> {
            if (!mine.containsKey(name)) {
                throw differs(file, key + name, "nothing", node.toString());
            }
        });
        mine.forEach((name, node) -> {
            JsonNode other = theirs.get(name);
            if (other == null) {
                throw differs(file, key + name, node.toString(), "nothing");
            }
            compare(file, key + name + (node.isContainer() ? "." : ""), node, other);
        });
    }

    private static String plain(JsonNode node) {
        return node.isContainer() ? node.toString() : node.asString();
    }

    private static Map<String, JsonNode> children(JsonNode node) {
        Map<String, JsonNode> children = new TreeMap<>();
        if (node instanceof ArrayNode array) {
            int place = 0;
            for (Iterator<JsonNode> each = array.iterator(); each.hasNext(); place++) {
                children.put(Integer.toString(place), each.next());
            }
        }
        node.properties().forEach(property -> children.put(property.getKey(), property.getValue()));
        return children;
    }

    private static LizardException differs(Path file, String key, String expected, String found) {
        return LizardException.at(
                LizardException.Kind.USAGE,
                "another configuration than the run was started with",
                file + "/" + key,
                expected,
                found,
                "resume with the same settings, or choose another output folder");
    }
}
