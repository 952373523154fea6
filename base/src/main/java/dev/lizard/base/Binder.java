package dev.lizard.base;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Binds a tree to records by their canonical constructors. The record of a sealed interface is chosen by the key
 * {@code type}: the record's name in kebab-case without the interface's name at its end.
 */
final class Binder {
    private static final String TYPE_KEY = "type";
    private static final int SHOWN_KEYS = 12;

    private final ConfigTree tree;
    private final List<ConfigTree.Entry> entries = new ArrayList<>();

    Binder(ConfigTree tree) {
        this.tree = tree;
    }

    List<ConfigTree.Entry> entries() {
        return entries;
    }

    Object bind(JsonNode root, Class<?> type) {
        return bind(root, type, null, "", false);
    }

    static List<String> keys(Class<?> type) {
        return Arrays.stream(type.getRecordComponents())
                .map(c -> Values.snake(c.getName()))
                .toList();
    }

    /** @param builtIn whether the value is a component's default rather than in the tree */
    private Object bind(JsonNode node, Type type, @Nullable Setting setting, String key, boolean builtIn) {
        if (type instanceof ParameterizedType generic && generic.getRawType() == List.class) {
            return list(node, generic.getActualTypeArguments()[0], setting, key, builtIn);
        }
        if (type instanceof ParameterizedType generic && generic.getRawType() == Map.class) {
            return map(node, generic.getActualTypeArguments()[1], setting, key, builtIn);
        }
        if (!(type instanceof Class<?> plain)) {
            throw new IllegalArgumentException("configuration cannot hold " + type + " at " + key);
        }
        if (plain == ObjectNode.class || plain.isRecord() || plain.isSealed()) {
            requireObject(node, plain, setting, key);
        }
        if (plain.isRecord()) {
            return record(node, plain, key, builtIn);
        }
        if (plain.isSealed()) {
            return sealed(node, plain, key, builtIn);
        }
        return scalar(node, plain, setting, key, builtIn);
    }

    private Object scalar(JsonNode node, Class<?> type, @Nullable Setting setting, String key, boolean builtIn) {
        try {
            Object value = Values.read(node, type);
            if (setting != null && value instanceof Number number) {
                Values.checkRange(number.doubleValue(), setting);
            }
            entries.add(new ConfigTree.Entry(key, node.toString(), builtIn ? Origin.BUILT_IN : tree.origin(key)));
            return value;
        } catch (Values.Mismatch e) {
            throw LizardException.at(
                    tree.kind(), e.what(), tree.place(key, true), e.expected(), Values.shown(node), e.advice(), e);
        }
    }

    private List<Object> list(JsonNode node, Type element, @Nullable Setting setting, String key, boolean builtIn) {
        if (!node.isArray()) {
            boolean lone = !node.isContainer() && element instanceof Class<?> type && !type.isRecord();
            String advice = lone && !((Class<?>) element).isSealed() ? "write [" + node.asString() + "]" : "";
            throw wrongType(node, key, "a list", advice.isEmpty() ? "correct the value" : advice);
        }
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < node.size(); i++) {
            values.add(bind(node.get(i), element, setting, ConfigTree.join(key, Integer.toString(i)), builtIn));
        }
        if (values.isEmpty()) {
            entries.add(new ConfigTree.Entry(key, "[]", builtIn ? Origin.BUILT_IN : tree.origin(key)));
        }
        return List.copyOf(values);
    }

    private Map<String, Object> map(
            JsonNode node, Type element, @Nullable Setting setting, String key, boolean builtIn) {
        Map<String, Object> values = new LinkedHashMap<>();
        requireObject(node, Map.class, setting, key);
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String at = ConfigTree.join(key, entry.getKey());
            values.put(entry.getKey(), bind(entry.getValue(), element, setting, at, builtIn));
        }
        return Collections.unmodifiableMap(values);
    }

    private Object sealed(JsonNode node, Class<?> type, String key, boolean builtIn) {
        Map<String, Class<?>> choices = new TreeMap<>();
        for (Class<?> choice : type.getPermittedSubclasses()) {
            choices.put(Values.kebab(choice.getSimpleName().replaceAll(type.getSimpleName() + "$", "")), choice);
        }
        String at = ConfigTree.join(key, TYPE_KEY);
        JsonNode name = node.get(TYPE_KEY);
        String expected = "one of " + String.join(", ", choices.keySet());
        if (name == null) {
            throw missing(at, expected);
        }
        Class<?> choice = choices.get(name.asString(""));
        if (choice == null) {
            String hint = Nearest.hint(name.asString(""), choices.keySet());
            throw LizardException.at(
                    tree.kind(), "unknown type", tree.place(at, true), expected, Values.shown(name), hint);
        }
        entries.add(new ConfigTree.Entry(at, name.toString(), builtIn ? Origin.BUILT_IN : tree.origin(at)));
        return record(node, choice, key, builtIn);
    }

    private Object record(JsonNode node, Class<?> type, String key, boolean builtIn) {
        RecordComponent[] components = type.getRecordComponents();
        refuseUnknown(node, type, key);
        @Nullable Object[] arguments = new @Nullable Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            arguments[i] = component(node, components[i], key, builtIn);
        }
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(arguments);
        } catch (InvocationTargetException e) {
            throw refusal(e.getCause(), key);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot build " + type, e);
        }
    }

    private @Nullable Object component(JsonNode node, RecordComponent component, String key, boolean builtIn) {
        Setting setting = component.getAnnotation(Setting.class);
        String at = ConfigTree.join(key, Values.snake(component.getName()));
        JsonNode value = node.get(Values.snake(component.getName()));
        if (value != null && !value.isNull()) {
            return bind(value, component.getGenericType(), setting, at, builtIn);
        }
        if (setting != null && !setting.byDefault().isEmpty()) {
            JsonNode standard = Json.YAML.readTree(setting.byDefault());
            return bind(standard, component.getGenericType(), setting, at, true);
        }
        if (nullable(component)) {
            entries.add(new ConfigTree.Entry(at, "null", value == null ? Origin.BUILT_IN : tree.origin(at)));
            return null;
        }
        if (component.getType().isRecord()) {
            return bind(JsonNodeFactory.instance.objectNode(), component.getType(), null, at, true);
        }
        throw missing(at, Values.describe(component.getType()));
    }

    private void refuseUnknown(JsonNode node, Class<?> type, String key) {
        List<String> known = keys(type);
        for (String name : node.propertyNames()) {
            boolean discriminator =
                    name.equals(TYPE_KEY) && Arrays.stream(type.getInterfaces()).anyMatch(Class::isSealed);
            if (known.contains(name) || discriminator) {
                continue;
            }
            String at = ConfigTree.join(key, name);
            List<String> shown = known.size() <= SHOWN_KEYS ? known : Nearest.to(name, known, 5);
            throw LizardException.at(
                    tree.kind(),
                    "unknown key '" + name + "'",
                    tree.place(at, true),
                    known.isEmpty() ? "no keys" : "one of " + String.join(", ", shown),
                    Values.shown(node.get(name)),
                    known.isEmpty() ? "take it out" : Nearest.hint(name, known));
        }
    }

    private void requireObject(JsonNode node, Class<?> type, @Nullable Setting setting, String key) {
        if (!node.isObject()) {
            throw wrongType(node, key, "keys and values", meant(node, type, setting, key));
        }
    }

    private LizardException wrongType(JsonNode node, String key, String expected, String advice) {
        return LizardException.at(
                tree.kind(), "wrong type", tree.place(key, true), expected, Values.shown(node), advice);
    }

    /** Where a lone value was probably meant to stand: the setting's own word, or the first key that could take it. */
    private String meant(JsonNode node, Class<?> type, @Nullable Setting setting, String key) {
        String below = setting == null ? "" : setting.meant();
        if (below.isEmpty() && type.isRecord()) {
            below = Arrays.stream(type.getRecordComponents())
                    .filter(component -> takes(component, node))
                    .map(component -> Values.snake(component.getName()))
                    .findFirst()
                    .orElse("");
        }
        if (below.isEmpty() || node.isContainer() || key.isEmpty()) {
            return "correct the value";
        }
        return tree.origin(key).layer() == Origin.Layer.FLAG
                ? "write %s.%s=%s".formatted(key, below, node.asString())
                : "write %s: {%s: %s}".formatted(key, below, node.asString());
    }

    private static boolean takes(RecordComponent component, JsonNode node) {
        Setting setting = component.getAnnotation(Setting.class);
        try {
            Object value = component.getType().isRecord() ? null : Values.read(node, component.getType());
            if (setting != null && value instanceof Number number) {
                Values.checkRange(number.doubleValue(), setting);
            }
            return value != null;
        } catch (Values.Mismatch | IllegalArgumentException e) {
            return false;
        }
    }

    private LizardException missing(String key, String expected) {
        String advice = tree.kind() == LizardException.Kind.USAGE
                ? "add it or pass --set " + key + "=VALUE"
                : "the file is incomplete";
        return LizardException.at(tree.kind(), "missing key", tree.place(key, false), expected, "nothing", advice);
    }

    /** What a record's own constructor refused: its message is the user's, with the place put before it. */
    private RuntimeException refusal(@Nullable Throwable cause, String key) {
        return switch (cause) {
            case LizardException already -> already;
            case BadSetting e -> badValue(e, ConfigTree.join(key, e.key()));
            case IllegalArgumentException e -> badValue(e, key);
            case RuntimeException e -> e;
            case null, default -> new IllegalStateException(cause);
        };
    }

    private LizardException badValue(IllegalArgumentException e, String key) {
        boolean named = !key.isEmpty() && !tree.origin(key).equals(Origin.BUILT_IN);
        return new LizardException(tree.kind(), "bad value in " + tree.place(key, named) + ": " + e.getMessage(), e);
    }

    private static boolean nullable(RecordComponent component) {
        AnnotatedElement type = component.getAnnotatedType();
        return type.isAnnotationPresent(Nullable.class);
    }
}
