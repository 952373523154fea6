package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Methods, attributes and subscripts of values. */
final class Methods {
    private static final Set<String> OF_TEXT = Set.of(
            "strip",
            "lstrip",
            "rstrip",
            "split",
            "splitlines",
            "startswith",
            "endswith",
            "upper",
            "lower",
            "title",
            "capitalize",
            "replace",
            "find",
            "count",
            "join",
            "removeprefix",
            "removesuffix");

    private static final Set<String> OF_DICT = Set.of("items", "keys", "values", "get");
    private static final Set<String> OF_LIST = Set.of("index", "count");

    private Methods() {}

    /** {@code of.name}: a method first, as Python has it, then an entry. */
    static Value attribute(Value of, String name, int line) {
        return switch (of) {
            case Value.Str _ when OF_TEXT.contains(name) -> bound(of, name);
            case Value.Seq _ when OF_LIST.contains(name) -> bound(of, name);
            case Value.Dict _ when OF_DICT.contains(name) -> bound(of, name);
            case Value.Dict(Map<String, Value> entries) -> entries.getOrDefault(name, new Value.Undefined(name));
            case Value.Namespace(Map<String, Value> entries) -> entries.getOrDefault(name, new Value.Undefined(name));
            case Value.Undefined(String missing) ->
                throw TemplateError.at(line, "'%s' is undefined, so it has no '%s'".formatted(missing, name));
            default -> new Value.Undefined(name);
        };
    }

    /** {@code of[key]}. */
    static Value index(Value of, Value key, int line) {
        return switch (of) {
            case Value.Dict(Map<String, Value> entries)
            when key instanceof Value.Str(String name) ->
                entries.containsKey(name) ? entries.get(name) : attribute(of, name, line);
            case Value.Seq(List<Value> items) when key instanceof Value.Int(long at) -> item(items, at);
            case Value.Str _ when key instanceof Value.Int(long at) -> item(Values.items(of, line), at);
            case Value.Undefined(String missing) ->
                throw TemplateError.at(
                        line, "'%s' is undefined, so it has no '%s'".formatted(missing, Values.text(key)));
            default -> key instanceof Value.Str(String name) ? attribute(of, name, line) : new Value.Undefined("item");
        };
    }

    private static Value item(List<Value> items, long at) {
        long index = at < 0 ? at + items.size() : at;
        return index >= 0 && index < items.size() ? items.get((int) index) : new Value.Undefined("item " + at);
    }

    /** {@code of[from:to:step]}; undefined bounds are left out. */
    static Value slice(Value of, Value from, Value to, Value step, int line) {
        if (!(of instanceof Value.Str) && !(of instanceof Value.Seq)) {
            throw TemplateError.at(line, Values.type(of) + " cannot be sliced");
        }
        List<Value> items = Values.items(of, line);
        long by = bound(step, 1, line);
        if (by == 0) {
            throw TemplateError.at(line, "a slice's step is zero");
        }
        int size = items.size();
        long begin = clamp(bound(from, by > 0 ? 0 : size - 1L, line), size, by, from);
        long end = clamp(bound(to, by > 0 ? size : -1L, line), size, by, to);
        List<Value> picked = new ArrayList<>();
        for (long i = begin; by > 0 ? i < end : i > end; i += by) {
            picked.add(items.get((int) i));
        }
        if (of instanceof Value.Seq) {
            return new Value.Seq(picked);
        }
        return Value.of(String.join("", picked.stream().map(Values::text).toList()));
    }

    private static long bound(Value bound, long otherwise, int line) {
        return bound instanceof Value.Undefined || bound instanceof Value.None
                ? otherwise
                : Values.integer(bound, "a slice", line);
    }

    /** Counts a negative bound that was given from the end and keeps it within the list. */
    private static long clamp(long at, int size, long step, Value given) {
        boolean absent = given instanceof Value.Undefined || given instanceof Value.None;
        long index = at < 0 && !absent ? at + size : at;
        return step > 0 ? Math.clamp(index, 0, size) : Math.clamp(index, -1, size - 1L);
    }

    private static Value bound(Value of, String name) {
        return new Value.Function(name, (positional, named, line) -> {
            Given given = new Given(positional, named, line);
            return switch (of) {
                case Value.Str(String text) -> ofText(text, name, given);
                case Value.Seq(List<Value> items) -> ofList(items, name, given);
                case Value.Dict(Map<String, Value> entries) -> ofDict(entries, name, given);
                default -> throw new IllegalStateException(name);
            };
        });
    }

    private static Value ofText(String text, String name, Given given) {
        int line = given.line();
        return switch (name) {
            case "strip" -> strip(text, given, true, true);
            case "lstrip" -> strip(text, given, true, false);
            case "rstrip" -> strip(text, given, false, true);
            case "split" -> {
                long most = given.integer(1, "maxsplit", -1);
                Value separator = given.get(0, "sep");
                if (separator instanceof Value.Undefined || separator instanceof Value.None) {
                    yield Value.of(PythonText.words(text, most));
                }
                String between = Values.string(separator, "split", line);
                if (between.isEmpty()) {
                    throw TemplateError.at(line, "split by an empty string");
                }
                yield Value.of(PythonText.split(text, between, most));
            }
            case "splitlines" -> Value.of(PythonText.lines(text));
            case "startswith" -> Value.of(any(given, text::startsWith));
            case "endswith" -> Value.of(any(given, text::endsWith));
            case "upper" -> Value.of(text.toUpperCase(Locale.ROOT));
            case "lower" -> Value.of(text.toLowerCase(Locale.ROOT));
            case "title" -> Value.of(PythonText.title(text));
            case "capitalize" -> Value.of(PythonText.capitalize(text));
            case "replace" ->
                Value.of(text.replace(
                        Values.string(given.get(0, "old"), "replace", line),
                        Values.string(given.get(1, "new"), "replace", line)));
            case "find" -> {
                int at = text.indexOf(Values.string(given.get(0, "sub"), "find", line));
                yield new Value.Int(at < 0 ? -1 : text.codePointCount(0, at));
            }
            case "count" -> {
                String part = Values.string(given.get(0, "sub"), "count", line);
                yield new Value.Int(
                        part.isEmpty()
                                ? text.codePointCount(0, text.length()) + 1
                                : PythonText.split(text, part, -1).size() - 1);
            }
            case "join" -> {
                List<String> parts = new ArrayList<>();
                for (Value item : Values.items(given.get(0, "items"), line)) {
                    parts.add(Values.string(item, "join", line));
                }
                yield Value.of(String.join(text, parts));
            }
            case "removeprefix" -> {
                String prefix = Values.string(given.get(0, "prefix"), name, line);
                yield Value.of(text.startsWith(prefix) ? text.substring(prefix.length()) : text);
            }
            case "removesuffix" -> {
                String suffix = Values.string(given.get(0, "suffix"), name, line);
                yield Value.of(text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text);
            }
            default -> throw new IllegalStateException(name);
        };
    }

    private static Value strip(String text, Given given, boolean left, boolean right) {
        Value set = given.get(0, "chars");
        return set instanceof Value.Str(String chars)
                ? Value.of(PythonText.strip(text, chars, left, right))
                : Value.of(PythonText.strip(text, left, right));
    }

    /** Whether the string given, or any of the tuple given, passes. */
    private static boolean any(Given given, java.util.function.Predicate<String> passes) {
        Value wanted = given.get(0, "prefix");
        List<Value> all = wanted instanceof Value.Seq(List<Value> several) ? several : List.of(wanted);
        return all.stream().anyMatch(one -> passes.test(Values.string(one, "this test", given.line())));
    }

    private static Value ofList(List<Value> items, String name, Given given) {
        Value wanted = given.get(0, "item");
        int count = 0;
        for (int i = 0; i < items.size(); i++) {
            if (Values.equal(items.get(i), wanted)) {
                if (name.equals("index")) {
                    return new Value.Int(i);
                }
                count++;
            }
        }
        if (name.equals("index")) {
            throw TemplateError.at(given.line(), "the list has no '" + Values.text(wanted) + "'");
        }
        return new Value.Int(count);
    }

    private static Value ofDict(Map<String, Value> entries, String name, Given given) {
        return switch (name) {
            case "items" -> items(new Value.Dict(entries), given.line());
            case "keys" -> Value.of(List.copyOf(entries.keySet()));
            case "values" -> new Value.Seq(List.copyOf(entries.values()));
            case "get" -> {
                Value otherwise = given.has(1, "default") ? given.get(1, "default") : Value.NONE;
                yield given.get(0, "key") instanceof Value.Str(String key)
                        ? entries.getOrDefault(key, otherwise)
                        : otherwise;
            }
            default -> throw new IllegalStateException(name);
        };
    }

    /** Pairs of key and value. */
    static Value items(Value dict, int line) {
        if (dict instanceof Value.Undefined) {
            return new Value.Seq(List.of());
        }
        if (!(dict instanceof Value.Dict(Map<String, Value> entries))) {
            throw TemplateError.at(line, Values.type(dict) + " has no key-value pairs");
        }
        List<Value> pairs = new ArrayList<>();
        entries.forEach((key, value) -> pairs.add(new Value.Seq(List.of(Value.of(key), value))));
        return new Value.Seq(pairs);
    }
}
