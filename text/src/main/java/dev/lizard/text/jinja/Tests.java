package dev.lizard.text.jinja;

import dev.lizard.base.Nearest;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What can stand after {@code is}. */
final class Tests {
    private static final Set<String> WITHOUT = Set.of(
            "defined",
            "undefined",
            "none",
            "string",
            "mapping",
            "iterable",
            "sequence",
            "number",
            "integer",
            "float",
            "boolean",
            "true",
            "false",
            "callable",
            "odd",
            "even",
            "lower",
            "upper");

    private static final Set<String> WITH_ONE = Set.of(
            "equalto",
            "eq",
            "==",
            "ne",
            "!=",
            "lt",
            "lessthan",
            "<",
            "le",
            "<=",
            "gt",
            "greaterthan",
            ">",
            "ge",
            ">=",
            "in",
            "sameas",
            "divisibleby");

    private Tests() {}

    /** The name itself, where there is such a test. */
    static String known(String name, int line) {
        if (WITHOUT.contains(name) || WITH_ONE.contains(name)) {
            return name;
        }
        throw TemplateError.unsupported(line, "the test '%s' (%s)".formatted(name, Nearest.hint(name, WITHOUT)));
    }

    static boolean takesOne(String name) {
        return WITH_ONE.contains(name);
    }

    static boolean apply(String name, Value value, Given given) {
        int line = given.line();
        if (WITH_ONE.contains(name)) {
            return compare(name, value, given.get(0, "other"), line);
        }
        return switch (name) {
            case "defined" -> !(value instanceof Value.Undefined);
            case "undefined" -> value instanceof Value.Undefined;
            case "none" -> value instanceof Value.None;
            case "string" -> value instanceof Value.Str;
            case "mapping" -> value instanceof Value.Dict;
            case "iterable", "sequence" ->
                value instanceof Value.Seq
                        || value instanceof Value.Dict
                        || value instanceof Value.Str
                        || (name.equals("iterable") && value instanceof Value.Undefined);
            case "number" -> Values.isNumber(value);
            case "integer" -> value instanceof Value.Int;
            case "float" -> value instanceof Value.Real;
            case "boolean" -> value instanceof Value.Bool;
            case "true" -> value.equals(Value.TRUE);
            case "false" -> value.equals(Value.FALSE);
            case "callable" -> value instanceof Value.Function;
            case "odd" -> Math.floorMod(Values.integer(value, "odd", line), 2) == 1;
            case "even" -> Math.floorMod(Values.integer(value, "even", line), 2) == 0;
            case "lower" -> Values.text(value).equals(Values.text(value).toLowerCase(Locale.ROOT));
            case "upper" -> Values.text(value).equals(Values.text(value).toUpperCase(Locale.ROOT));
            default -> throw TemplateError.unsupported(line, "the test '" + name + "'");
        };
    }

    private static boolean compare(String name, Value value, Value other, int line) {
        return switch (name) {
            case "equalto", "eq", "==" -> Values.equal(value, other);
            case "ne", "!=" -> !Values.equal(value, other);
            case "lt", "lessthan", "<" -> Values.compare(value, other, line) < 0;
            case "le", "<=" -> Values.compare(value, other, line) <= 0;
            case "gt", "greaterthan", ">" -> Values.compare(value, other, line) > 0;
            case "ge", ">=" -> Values.compare(value, other, line) >= 0;
            case "in" -> Values.contains(other, value, line);
            case "sameas" -> value.equals(other);
            case "divisibleby" -> {
                Value rest = Values.arithmetic("%", value, other, line);
                yield !Values.truth(rest);
            }
            default -> throw TemplateError.unsupported(line, "the test '" + name + "'");
        };
    }

    /** Names of all tests, for {@code select} and its like. */
    static List<String> names() {
        return java.util.stream.Stream.concat(WITHOUT.stream(), WITH_ONE.stream())
                .sorted()
                .toList();
    }
}
