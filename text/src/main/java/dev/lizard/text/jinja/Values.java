package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What Python does with values: truth, text, equality, order, membership, arithmetic. */
final class Values {
    private Values() {}

    /** Strings, numbers, booleans, lists and maps of the host as values; null is {@code none}. */
    static Value of(@Nullable Object host) {
        return switch (host) {
            case null -> Value.NONE;
            case Value value -> value;
            case String text -> Value.of(text);
            case Boolean flag -> Value.of(flag);
            case Double real -> new Value.Real(real);
            case Float real -> new Value.Real(real);
            case Number number -> new Value.Int(number.longValue());
            case List<?> list -> {
                List<Value> items = new ArrayList<>();
                list.forEach(item -> items.add(of(item)));
                yield new Value.Seq(items);
            }
            case Map<?, ?> map -> {
                Map<String, Value> entries = new LinkedHashMap<>();
                map.forEach((key, value) -> entries.put(String.valueOf(key), of(value)));
                yield new Value.Dict(entries);
            }
            default ->
                throw new IllegalArgumentException(
                        "no template value: " + host.getClass().getName());
        };
    }

    static boolean truth(Value value) {
        return switch (value) {
            case Value.Undefined _ -> false;
            case Value.None _ -> false;
            case Value.Bool(boolean flag) -> flag;
            case Value.Int(long number) -> number != 0;
            case Value.Real(double number) -> number != 0;
            case Value.Str(String text) -> !text.isEmpty();
            case Value.Seq(List<Value> items) -> !items.isEmpty();
            case Value.Dict(Map<String, Value> entries) -> !entries.isEmpty();
            case Value.Namespace _ -> true;
            case Value.Function _ -> true;
        };
    }

    /** As {@code str} writes it, which is what output shows. */
    static String text(Value value) {
        return switch (value) {
            case Value.Str(String text) -> text;
            case Value.Undefined _ -> "";
            default -> repr(value);
        };
    }

    private static String repr(Value value) {
        return switch (value) {
            case Value.Undefined _ -> "Undefined";
            case Value.None _ -> "None";
            case Value.Bool(boolean flag) -> flag ? "True" : "False";
            case Value.Int(long number) -> Long.toString(number);
            case Value.Real(double number) -> Double.toString(number);
            case Value.Str(String text) -> PythonText.quoted(text);
            case Value.Seq(List<Value> items) ->
                "[" + String.join(", ", items.stream().map(Values::repr).toList()) + "]";
            case Value.Dict(Map<String, Value> entries) -> {
                List<String> parts = new ArrayList<>();
                entries.forEach((key, of) -> parts.add(PythonText.quoted(key) + ": " + repr(of)));
                yield "{" + String.join(", ", parts) + "}";
            }
            case Value.Namespace _ -> "<Namespace>";
            case Value.Function(String name, Value.Body _) -> "<" + name + ">";
        };
    }

    /** Python's name of the type, for messages. */
    static String type(Value value) {
        return switch (value) {
            case Value.Undefined(String name) -> "undefined '" + name + "'";
            case Value.None _ -> "none";
            case Value.Bool _ -> "a boolean";
            case Value.Int _ -> "an integer";
            case Value.Real _ -> "a number";
            case Value.Str _ -> "a string";
            case Value.Seq _ -> "a list";
            case Value.Dict _ -> "a dictionary";
            case Value.Namespace _ -> "a namespace";
            case Value.Function _ -> "a function";
        };
    }

    static boolean equal(Value left, Value right) {
        if (isNumber(left) && isNumber(right)) {
            return real(left) == real(right);
        }
        if (left instanceof Value.Undefined && right instanceof Value.Undefined) {
            return true;
        }
        if (left instanceof Value.Seq(List<Value> a) && right instanceof Value.Seq(List<Value> b)) {
            if (a.size() != b.size()) {
                return false;
            }
            for (int i = 0; i < a.size(); i++) {
                if (!equal(a.get(i), b.get(i))) {
                    return false;
                }
            }
            return true;
        }
        return left.equals(right);
    }

    /** Order of two numbers or two strings. */
    static int compare(Value left, Value right, int line) {
        if (isNumber(left) && isNumber(right)) {
            return Double.compare(real(left), real(right));
        }
        if (left instanceof Value.Str(String a) && right instanceof Value.Str(String b)) {
            return a.compareTo(b);
        }
        throw TemplateError.at(line, "cannot order %s and %s".formatted(type(left), type(right)));
    }

    static boolean contains(Value container, Value item, int line) {
        return switch (container) {
            case Value.Str(String text) when item instanceof Value.Str(String part) -> text.contains(part);
            case Value.Seq(List<Value> items) -> items.stream().anyMatch(one -> equal(one, item));
            case Value.Dict(Map<String, Value> entries) ->
                item instanceof Value.Str(String key) && entries.containsKey(key);
            case Value.Undefined _ -> false;
            default -> throw TemplateError.at(line, "cannot look for %s in %s".formatted(type(item), type(container)));
        };
    }

    /** The items that a loop goes over. */
    static List<Value> items(Value value, int line) {
        return switch (value) {
            case Value.Seq(List<Value> items) -> items;
            case Value.Dict(Map<String, Value> entries) ->
                entries.keySet().stream().map(Value::of).toList();
            case Value.Str(String text) ->
                text.codePoints().mapToObj(c -> Value.of(Character.toString(c))).toList();
            case Value.Undefined _ -> List.of();
            default -> throw TemplateError.at(line, type(value) + " has no items to go over");
        };
    }

    static long length(Value value, int line) {
        return value instanceof Value.Str(String text)
                ? text.codePointCount(0, text.length())
                : items(value, line).size();
    }

    static Value arithmetic(String sign, Value left, Value right, int line) {
        if (sign.equals("~")) {
            return Value.of(text(left) + text(right));
        }
        if (sign.equals("+")) {
            if (left instanceof Value.Str(String a) && right instanceof Value.Str(String b)) {
                return Value.of(a + b);
            }
            if (left instanceof Value.Seq(List<Value> a) && right instanceof Value.Seq(List<Value> b)) {
                List<Value> both = new ArrayList<>(a);
                both.addAll(b);
                return new Value.Seq(both);
            }
        }
        if (sign.equals("*") && left instanceof Value.Str(String text) && right instanceof Value.Int(long times)) {
            if (text.length() * Math.max(times, 0) > (1 << 20)) {
                throw TemplateError.at(line, "a string repeated %d times is too long".formatted(times));
            }
            return Value.of(text.repeat((int) Math.max(times, 0)));
        }
        if (!isNumber(left) || !isNumber(right)) {
            throw TemplateError.at(line, "cannot compute %s %s %s".formatted(type(left), sign, type(right)));
        }
        boolean whole = !(left instanceof Value.Real) && !(right instanceof Value.Real);
        if ("/ // %".contains(sign) && real(right) == 0) {
            throw TemplateError.at(line, "division by zero");
        }
        return whole && !sign.equals("/")
                ? whole(sign, integer(left, sign, line), integer(right, sign, line))
                : real(sign, left, right);
    }

    private static Value whole(String sign, long a, long b) {
        return new Value.Int(
                switch (sign) {
                    case "+" -> a + b;
                    case "-" -> a - b;
                    case "*" -> a * b;
                    case "//" -> Math.floorDiv(a, b);
                    case "%" -> Math.floorMod(a, b);
                    default -> throw new IllegalArgumentException(sign);
                });
    }

    private static Value real(String sign, Value left, Value right) {
        double a = real(left);
        double b = real(right);
        return new Value.Real(
                switch (sign) {
                    case "+" -> a + b;
                    case "-" -> a - b;
                    case "*" -> a * b;
                    case "/" -> a / b;
                    case "//" -> Math.floor(a / b);
                    case "%" -> a - Math.floor(a / b) * b;
                    default -> throw new IllegalArgumentException(sign);
                });
    }

    static boolean isNumber(Value value) {
        return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
    }

    private static double real(Value value) {
        return switch (value) {
            case Value.Int(long number) -> number;
            case Value.Real(double number) -> number;
            case Value.Bool(boolean flag) -> flag ? 1 : 0;
            default -> throw new IllegalArgumentException("not a number: " + value);
        };
    }

    /** An integer that {@code what} needs. */
    static long integer(Value value, String what, int line) {
        return switch (value) {
            case Value.Int(long number) -> number;
            case Value.Bool(boolean flag) -> flag ? 1 : 0;
            default -> throw TemplateError.at(line, "%s needs an integer, not %s".formatted(what, type(value)));
        };
    }

    /** A string that {@code what} needs. */
    static String string(Value value, String what, int line) {
        if (value instanceof Value.Str(String text)) {
            return text;
        }
        throw TemplateError.at(line, "%s needs a string, not %s".formatted(what, type(value)));
    }
}
