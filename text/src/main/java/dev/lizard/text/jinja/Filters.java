package dev.lizard.text.jinja;

import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What can stand after a bar. */
final class Filters {
    private static final Set<String> NAMES = Set.of(
            "trim",
            "length",
            "count",
            "tojson",
            "upper",
            "lower",
            "title",
            "capitalize",
            "join",
            "default",
            "d",
            "first",
            "last",
            "list",
            "string",
            "int",
            "float",
            "abs",
            "replace",
            "reverse",
            "items",
            "map",
            "select",
            "reject",
            "selectattr",
            "rejectattr",
            "safe",
            "indent",
            "unique",
            "sort");

    private Filters() {}

    /** The name itself, where there is such a filter. */
    static String known(String name, int line) {
        if (NAMES.contains(name)) {
            return name;
        }
        throw TemplateError.unsupported(line, "the filter '%s' (%s)".formatted(name, Nearest.hint(name, NAMES)));
    }

    static Value apply(String name, Value input, Given given) {
        int line = given.line();
        return switch (name) {
            case "trim" ->
                given.has(0, "chars")
                        ? Value.of(PythonText.strip(Values.text(input), given.string(0, "chars", ""), true, true))
                        : Value.of(PythonText.strip(Values.text(input), true, true));
            case "length", "count" -> new Value.Int(Values.length(input, line));
            case "tojson" -> Value.of(JsonText.of(input, (int) given.integer(0, "indent", -1), line));
            case "upper" -> Value.of(Values.text(input).toUpperCase(Locale.ROOT));
            case "lower" -> Value.of(Values.text(input).toLowerCase(Locale.ROOT));
            case "title" -> Value.of(PythonText.title(Values.text(input)));
            case "capitalize" -> Value.of(PythonText.capitalize(Values.text(input)));
            case "string" -> Value.of(Values.text(input));
            case "safe" -> input;
            case "default", "d" -> {
                boolean falseToo = Values.truth(given.get(1, "boolean"));
                boolean missing = input instanceof Value.Undefined || (falseToo && !Values.truth(input));
                yield missing ? (given.has(0, "default_value") ? given.get(0, "default_value") : Value.of("")) : input;
            }
            case "int" -> integer(input, given);
            case "float" -> real(input);
            case "abs" ->
                Values.compare(input, new Value.Int(0), line) < 0
                        ? Values.arithmetic("-", new Value.Int(0), input, line)
                        : input;
            case "replace" ->
                Value.of(Values.text(input)
                        .replace(
                                Values.string(given.get(0, "old"), "replace", line),
                                Values.string(given.get(1, "new"), "replace", line)));
            case "indent" -> indent(input, given);
            default -> ofItems(name, input, given);
        };
    }

    private static Value ofItems(String name, Value input, Given given) {
        int line = given.line();
        if (name.equals("items")) {
            return Methods.items(input, line);
        }
        List<Value> items = Values.items(input, line);
        return switch (name) {
            case "list" -> new Value.Seq(items);
            case "first" -> items.isEmpty() ? new Value.Undefined("first") : items.getFirst();
            case "last" -> items.isEmpty() ? new Value.Undefined("last") : items.getLast();
            case "join" -> {
                List<String> parts = new ArrayList<>();
                for (Value item : items) {
                    Value part = given.has(1, "attribute") ? attribute(item, given.get(1, "attribute"), line) : item;
                    parts.add(Values.text(part));
                }
                yield Value.of(String.join(given.string(0, "d", ""), parts));
            }
            case "reverse" -> {
                List<Value> reversed = new ArrayList<>(items);
                Collections.reverse(reversed);
                yield input instanceof Value.Str
                        ? Value.of(
                                new StringBuilder(Values.text(input)).reverse().toString())
                        : new Value.Seq(reversed);
            }
            case "unique" -> {
                List<Value> unique = new ArrayList<>();
                for (Value item : items) {
                    if (unique.stream().noneMatch(seen -> Values.equal(seen, item))) {
                        unique.add(item);
                    }
                }
                yield new Value.Seq(unique);
            }
            case "sort" -> {
                List<Value> sorted = new ArrayList<>(items);
                sorted.sort((a, b) -> Values.compare(a, b, line));
                yield new Value.Seq(sorted);
            }
            case "map" -> map(items, given);
            case "select", "reject" -> pick(items, given, false, name.equals("select"));
            case "selectattr", "rejectattr" -> pick(items, given, true, name.equals("selectattr"));
            default -> throw TemplateError.unsupported(line, "the filter '" + name + "'");
        };
    }

    private static Value map(List<Value> items, Given given) {
        int line = given.line();
        List<Value> mapped = new ArrayList<>();
        for (Value item : items) {
            Value attribute = given.named().get("attribute");
            if (attribute != null) {
                mapped.add(attribute(item, attribute, line));
            } else {
                String filter = known(Values.string(given.get(0, "filter"), "map", line), line);
                mapped.add(apply(filter, item, given.after(1)));
            }
        }
        return new Value.Seq(mapped);
    }

    private static Value pick(List<Value> items, Given given, boolean byAttribute, boolean wanted) {
        int line = given.line();
        int at = byAttribute ? 1 : 0;
        List<Value> picked = new ArrayList<>();
        for (Value item : items) {
            Value tested = byAttribute ? attribute(item, given.get(0, "attribute"), line) : item;
            boolean passes = at < given.positional().size()
                    ? Tests.apply(
                            Tests.known(Values.string(given.positional().get(at), "the test's name", line), line),
                            tested,
                            given.after(at + 1))
                    : Values.truth(tested);
            if (passes == wanted) {
                picked.add(item);
            }
        }
        return new Value.Seq(picked);
    }

    private static Value attribute(Value item, Value name, int line) {
        return item instanceof Value.Dict(Map<String, Value> entries)
                ? entries.getOrDefault(Values.text(name), new Value.Undefined(Values.text(name)))
                : Methods.index(item, name, line);
    }

    private static Value integer(Value input, Given given) {
        return switch (input) {
            case Value.Real(double number) -> new Value.Int((long) number);
            case Value.Str(String text) -> {
                try {
                    yield new Value.Int((long) Double.parseDouble(text.strip()));
                } catch (NumberFormatException none) {
                    yield new Value.Int(given.integer(0, "default", 0));
                }
            }
            default ->
                Values.isNumber(input) ? new Value.Int(Values.integer(input, "int", given.line())) : new Value.Int(0);
        };
    }

    private static Value real(Value input) {
        try {
            return new Value.Real(Double.parseDouble(Values.text(input).strip()));
        } catch (NumberFormatException none) {
            return new Value.Real(0);
        }
    }

    private static Value indent(Value input, Given given) {
        String blanks = " ".repeat((int) given.integer(0, "width", 4));
        boolean first = Values.truth(given.get(1, "first"));
        StringBuilder indented = new StringBuilder();
        List<String> lines = PythonText.split(Values.text(input), "\n", -1);
        for (int i = 0; i < lines.size(); i++) {
            boolean blank = lines.get(i).isEmpty();
            indented.append(i == 0 ? "" : "\n")
                    .append(blank || (i == 0 && !first) ? "" : blanks)
                    .append(lines.get(i));
        }
        return Value.of(indented.toString());
    }
}
