package dev.lizard.base;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Configuration as a tree of YAML or JSON that remembers where each value came from, to be bound strictly to records.
 * Keys are snake_case; a component {@code seqLen} is the key {@code seq_len}. Trees do not change: each method gives a
 * new one.
 *
 * <pre>{@code
 * record Train(@Setting(byDefault = "1e-3", min = 0) double lr, @Nullable Path log) {}
 * Train train = ConfigTree.read(file).set("lr=3e-4", flag).bind(Train.class);
 * }</pre>
 */
public final class ConfigTree {
    /** One leaf of a bound configuration: dotted key, value as JSON, and where it came from. */
    public record Entry(String key, String value, Origin origin) {}

    private static final long MOST_BYTES = 16L << 20;

    private final ObjectNode root;
    private final Map<String, Origin> origins;
    private final Origin main;
    private final LizardException.Kind kind;

    private ConfigTree(ObjectNode root, Map<String, Origin> origins, Origin main, LizardException.Kind kind) {
        this.root = root;
        this.origins = origins;
        this.main = main;
        this.kind = kind;
    }

    /** Nothing but built-in values. */
    public static ConfigTree empty() {
        return of(JsonNodeFactory.instance.objectNode(), Origin.BUILT_IN);
    }

    /** A configuration file (YAML, or JSON by its ending); faults are usage errors. */
    public static ConfigTree read(Path file) {
        String where = file.toString();
        if (file.toFile().length() > MOST_BYTES) {
            throw LizardException.usage(
                    "%s is larger than %d MiB: no configuration is; check the path".formatted(where, MOST_BYTES >> 20));
        }
        boolean json = where.toLowerCase(Locale.ROOT).endsWith(".json");
        JsonNode tree =
                Json.parse(Json.text(file, LizardException.Kind.USAGE), where, LizardException.Kind.USAGE, !json);
        return of(tree, new Origin(Origin.Layer.CONFIG_FILE, where));
    }

    /** As {@link #read}, from text; {@code origin.where()} names it, and its ending decides between YAML and JSON. */
    public static ConfigTree parse(String text, Origin origin) {
        return of(Json.parse(text, origin.where(), LizardException.Kind.USAGE), origin);
    }

    /** A tree whose every value has the one origin; faults are usage errors. */
    public static ConfigTree of(JsonNode tree, Origin origin) {
        return of(tree, origin, LizardException.Kind.USAGE);
    }

    /** As {@link #of(JsonNode, Origin)} with the kind its faults are, such as INPUT for a model's file. */
    public static ConfigTree of(JsonNode tree, Origin origin, LizardException.Kind kind) {
        if (tree.isMissingNode() || tree.isNull()) {
            return of(JsonNodeFactory.instance.objectNode(), origin, kind);
        }
        if (!(tree instanceof ObjectNode object)) {
            throw LizardException.at(
                    kind,
                    "wrong type",
                    origin.place(""),
                    "keys and values",
                    Values.shown(tree),
                    "write 'key: value' lines");
        }
        Map<String, Origin> origins = new TreeMap<>();
        visit(object, "", key -> origins.put(key, origin));
        return new ConfigTree(object.deepCopy(), origins, origin, kind);
    }

    /**
     * This tree laid over a weaker one: objects merge, numbered keys reach into lists, everything else is replaced as a
     * whole.
     */
    public ConfigTree over(ConfigTree weaker) {
        ObjectNode merged = weaker.root.deepCopy();
        Map<String, Origin> kept = new TreeMap<>(weaker.origins);
        merge(merged, root, "", kept);
        kept.putAll(origins);
        return new ConfigTree(merged, kept, weaker.main.equals(Origin.BUILT_IN) ? main : weaker.main, kind);
    }

    /**
     * With one value replaced, as {@code --set} does.
     *
     * @param assignment {@code a.b=value}; list elements by number ({@code stages.0.lr=1e-3}); the value is YAML
     * @throws LizardException USAGE where the assignment is malformed, runs through something that has no keys, or
     *     contradicts an earlier flag
     */
    public ConfigTree set(String assignment, Origin origin) {
        int equals = assignment.indexOf('=');
        if (equals < 1) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "malformed assignment",
                    origin.where(),
                    "a.b=value",
                    "'" + assignment + "'",
                    "write the key, '=' and the value");
        }
        String key = assignment.substring(0, equals).strip();
        return set(key, value(assignment.substring(equals + 1), origin), origin);
    }

    /** As {@link #set(String, Origin)} with key and value apart. */
    public ConfigTree set(String key, JsonNode value, Origin origin) {
        ObjectNode changed = root.deepCopy();
        Map<String, Origin> kept = new TreeMap<>(origins);
        String[] steps = KeyPath.steps(key, origin);
        JsonNode at = changed;
        for (int i = 0; i < steps.length - 1; i++) {
            at = step(at, steps[i], key, origin);
        }
        put(at, steps[steps.length - 1], value, key, origin);
        String normal = String.join(".", steps);
        refuseContradiction(normal, value, origin);
        forget(kept, normal);
        visit(value, normal, inner -> kept.put(inner, origin));
        return new ConfigTree(changed, kept, main, kind);
    }

    /** Without the value of a key and all that is below it; list elements stay. */
    public ConfigTree without(String key) {
        ObjectNode changed = root.deepCopy();
        Map<String, Origin> kept = new TreeMap<>(origins);
        int last = key.lastIndexOf('.');
        JsonNode above =
                last < 0 ? changed : changed.at("/" + key.substring(0, last).replace('.', '/'));
        if (above instanceof ObjectNode object && object.remove(key.substring(last + 1)) != null) {
            forget(kept, key);
        }
        return new ConfigTree(changed, kept, main, kind);
    }

    /** The place that messages name for a key that is there. */
    public String place(String key) {
        return place(key, true);
    }

    /** Two flags for one key, or for a key and for all that contains it: one of them would be lost in silence. */
    private void refuseContradiction(String key, JsonNode value, Origin origin) {
        if (origin.layer() != Origin.Layer.FLAG) {
            return;
        }
        origins.forEach((other, given) -> {
            boolean same = other.equals(key) && same(at(other), value);
            boolean ofTheWrongType = !other.equals(key) && !value.isContainer(); // binding says that better
            if (given.layer() == Origin.Layer.FLAG && under(other, key) && !same && !ofTheWrongType) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "contradiction",
                        origin.where(),
                        other.equals(key) ? "one value" : "the whole or its parts",
                        "%s and, from %s, %s".formatted(Values.shown(value), given.where(), Values.shown(at(other))),
                        "give it once");
            }
        });
    }

    private static boolean same(JsonNode a, JsonNode b) {
        return a.equals(b)
                || (!a.isContainer() && !b.isContainer() && a.asString("").equals(b.asString("")));
    }

    /** Only the given top-level keys. */
    public ConfigTree only(Iterable<String> keys) {
        ObjectNode some = JsonNodeFactory.instance.objectNode();
        Map<String, Origin> kept = new TreeMap<>();
        for (String key : keys) {
            JsonNode value = root.get(key);
            if (value != null) {
                some.set(key, value);
                origins.forEach((k, origin) -> {
                    if (under(k, key)) {
                        kept.put(k, origin);
                    }
                });
            }
        }
        return new ConfigTree(some, kept, main, kind);
    }

    /**
     * Binds to a record; unknown keys, missing keys, wrong types and numbers out of range are errors that name the
     * file, the key, what was expected and found, and the nearest right key.
     */
    public <T> T bind(Class<T> type) {
        return type.cast(new Binder(this).bind(root, type));
    }

    /** The leaves of the bound configuration in the record's order, built-in values included. */
    public List<Entry> explain(Class<?> type) {
        Binder binder = new Binder(this);
        binder.bind(root, type);
        return binder.entries();
    }

    /** The leaves that are written in the tree, whatever they mean. */
    public List<Entry> entries() {
        List<Entry> leaves = new ArrayList<>();
        visit(root, "", key -> {
            JsonNode node = at(key);
            if (!node.isContainer() || node.isEmpty()) {
                leaves.add(new Entry(key, node.toString(), origin(key)));
            }
        });
        return leaves;
    }

    private JsonNode at(String key) {
        return root.at("/" + key.replace('.', '/'));
    }

    /**
     * Where the value of a dotted key came from: its own origin, else that of what contains it, else of something in it,
     * else built-in.
     */
    public Origin origin(String key) {
        String at = key;
        while (!at.isEmpty()) {
            Origin origin = origins.get(at);
            if (origin != null) {
                return origin;
            }
            at = at.substring(0, Math.max(0, at.lastIndexOf('.')));
        }
        return origins.entrySet().stream()
                .filter(entry -> under(entry.getKey(), key))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(Origin.BUILT_IN);
    }

    /** The value of a top-level key, or null. */
    public @Nullable JsonNode get(String key) {
        return root.get(key);
    }

    public List<String> keys() {
        return new ArrayList<>(root.propertyNames());
    }

    /** A copy of the whole tree, for writing it out as it was resolved. */
    public ObjectNode toNode() {
        return root.deepCopy();
    }

    /** The keys a record (or its nested record's part) may have, as they stand in a file. */
    public static List<String> keysOf(Class<?> type) {
        return Binder.keys(type);
    }

    LizardException.Kind kind() {
        return kind;
    }

    /** The place to name for a key: the value's own origin, or the main file where there is no value. */
    String place(String key, boolean present) {
        Origin origin = present ? origin(key) : main;
        return origin.place(key);
    }

    private static JsonNode value(String text, Origin origin) {
        try {
            JsonNode node = YamlText.read(text, origin.where(), LizardException.Kind.USAGE);
            return node.isMissingNode() ? JsonNodeFactory.instance.stringNode("") : node;
        } catch (JacksonException e) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "malformed value",
                    origin.where(),
                    "YAML",
                    "'" + text + "'",
                    "quote it",
                    e);
        }
    }

    private static JsonNode step(JsonNode at, String name, String key, Origin origin) {
        if (at instanceof ObjectNode object) {
            JsonNode next = object.get(name);
            return next == null || next.isNull() ? object.putObject(name) : next;
        }
        return at.get(KeyPath.index(at, name, key, origin));
    }

    private static void put(JsonNode at, String name, JsonNode value, String key, Origin origin) {
        if (at instanceof ObjectNode object) {
            object.set(name, value);
        } else {
            int index = KeyPath.index(at, name, key, origin);
            ((ArrayNode) at).set(index, value);
        }
    }

    private void merge(ObjectNode target, ObjectNode source, String prefix, Map<String, Origin> origins) {
        for (Map.Entry<String, JsonNode> entry : source.properties()) {
            String key = join(prefix, entry.getKey());
            if (entry.getValue() instanceof ObjectNode from && target.get(entry.getKey()) instanceof ObjectNode to) {
                merge(to, from, key, origins);
            } else if (entry.getValue() instanceof ObjectNode from
                    && target.get(entry.getKey()) instanceof ArrayNode to) {
                mergeElements(to, from, key, origins);
            } else {
                forget(origins, key);
                target.set(entry.getKey(), entry.getValue().deepCopy());
            }
        }
    }

    /** Each key of {@code source} is the number of an element of the list, as in {@code stages.0.tokens}. */
    private void mergeElements(ArrayNode target, ObjectNode source, String prefix, Map<String, Origin> origins) {
        for (Map.Entry<String, JsonNode> entry : source.properties()) {
            String key = join(prefix, entry.getKey());
            int index = KeyPath.index(target, entry.getKey(), key, origin(key));
            if (entry.getValue() instanceof ObjectNode from && target.get(index) instanceof ObjectNode to) {
                merge(to, from, key, origins);
            } else {
                forget(origins, key);
                target.set(index, entry.getValue().deepCopy());
            }
        }
    }

    private static void forget(Map<String, Origin> origins, String key) {
        origins.keySet().removeIf(k -> under(k, key));
    }

    private static boolean under(String key, String prefix) {
        return key.equals(prefix) || key.startsWith(prefix + ".");
    }

    /** Visits the dotted key of each node but the root. */
    private static void visit(JsonNode node, String key, Consumer<String> visitor) {
        if (!key.isEmpty()) {
            visitor.accept(key);
        }
        if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                visit(array.get(i), join(key, Integer.toString(i)), visitor);
            }
        }
        node.properties().forEach(e -> visit(e.getValue(), join(key, e.getKey()), visitor));
    }

    static String join(String prefix, String name) {
        return prefix.isEmpty() ? name : prefix + "." + name;
    }
}
