package dev.lizard.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What Python does with any value: truth, equality, order, membership, items. */
final class Values {
    private Values() {}

    static boolean truth(Value value) {
        return switch (value) {
            case Value.Undefined _ -> false;
            case Value.None _ -> false;
            case Value.Bool(boolean flag) -> flag;
            case Value.Int(BigInteger number) -> number.signum() != 0;
            case Value.Real(double number) -> number != 0;
            case Value.Str(Text text, boolean _) -> !text.isEmpty();
            case Value.Seq(List<Value> items, Value.Seq.Kind _) -> !items.isEmpty();
            case Value.Dict(Map<Object, Value.Pair> pairs) -> !pairs.isEmpty();
            case Value.Lazy _ -> true;
            case Value.Namespace _ -> true;
            case Value.Thing _ -> true;
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
            case Value.Seq(List<Value> _, Value.Seq.Kind kind) ->
                switch (kind) {
                    case LIST -> "a list";
                    case TUPLE, GROUP -> "a tuple";
                    case RANGE -> "a range";
                    case KEYS, VALUES, ITEMS -> "a view of a dictionary";
                };
            case Value.Lazy _ -> "a generator";
            case Value.Dict _ -> "a dictionary";
            case Value.Namespace _ -> "a namespace";
            case Value.Thing(String name, Value.Attributes _, Value.Body body) ->
                body == null ? "'" + name + "'" : "a function";
        };
    }

    @SuppressWarnings("ReferenceEquality") // What Python compares by identity.
    static boolean equal(Value left, Value right, Budget budget) {
        budget.step();
        if (isNumber(left) && isNumber(right)) {
            return Numbers.compare(left, right) == 0;
        }
        if (left instanceof Value.Str(Text a, boolean _) && right instanceof Value.Str(Text b, boolean _)) {
            budget.scan(Math.min(a.length(), b.length()));
            return a.equals(b);
        }
        if (left instanceof Value.Undefined && right instanceof Value.Undefined) {
            return true;
        }
        if (left instanceof Value.Seq(List<Value> a, Value.Seq.Kind kindA)
                && right instanceof Value.Seq(List<Value> b, Value.Seq.Kind kindB)) {
            boolean comparable = kindA == kindB || (kindA.isTuple() && kindB.isTuple());
            if (!comparable || a.size() != b.size()) {
                return false;
            }
            budget.enter();
            boolean same = true;
            for (int i = 0; same && i < a.size(); i++) {
                same = equal(a.get(i), b.get(i), budget);
            }
            budget.leave();
            return same;
        }
        if (left instanceof Value.Dict(Map<Object, Value.Pair> a)
                && right instanceof Value.Dict(Map<Object, Value.Pair> b)) {
            budget.enter();
            boolean same = a.size() == b.size();
            for (Map.Entry<Object, Value.Pair> entry : a.entrySet()) {
                Value.Pair other = b.get(entry.getKey());
                same = same && other != null && equal(entry.getValue().value(), other.value(), budget);
            }
            budget.leave();
            return same;
        }
        return (left instanceof Value.None && right instanceof Value.None) || left == right;
    }

    /** Order of two numbers, two strings or two lists. */
    static int compare(Value left, Value right, int line, Budget budget) {
        budget.step();
        if (isNumber(left) && isNumber(right)) {
            return Numbers.compare(left, right);
        }
        if (left instanceof Value.Str(Text a, boolean _) && right instanceof Value.Str(Text b, boolean _)) {
            budget.scan(Math.min(a.length(), b.length()));
            return PythonText.compare(a.chars(), b.chars());
        }
        if (left instanceof Value.Seq(List<Value> a, Value.Seq.Kind kindA)
                && right instanceof Value.Seq(List<Value> b, Value.Seq.Kind kindB)
                && (kindA == kindB || (kindA.isTuple() && kindB.isTuple()))
                && (kindA.isTuple() || kindA == Value.Seq.Kind.LIST)) {
            budget.enter();
            int order = Integer.compare(a.size(), b.size());
            for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
                if (!equal(a.get(i), b.get(i), budget)) {
                    order = compare(a.get(i), b.get(i), line, budget);
                    break;
                }
            }
            budget.leave();
            return order;
        }
        throw TemplateError.at(line, "cannot order %s and %s".formatted(type(left), type(right)));
    }

    static boolean contains(Value container, Value item, int line, Budget budget) {
        return switch (container) {
            case Value.Str(Text text, boolean _)
            when item instanceof Value.Str(Text part, boolean _) -> {
                budget.scan(text.length());
                yield text.chars().contains(part.chars());
            }
            case Value.Dict(Map<Object, Value.Pair> pairs) -> pairs.containsKey(key(item, line, budget));
            case Value.Seq _, Value.Lazy _, Value.Undefined _ -> {
                Iterator<Value> items = iterator(container, line, budget);
                boolean found = false;
                while (!found && items.hasNext()) {
                    found = equal(items.next(), item, budget);
                }
                yield found;
            }
            default -> throw TemplateError.at(line, "cannot look for %s in %s".formatted(type(item), type(container)));
        };
    }

    /** What a value is found by in a dictionary: equal numbers share a key, whatever their type. */
    static Object key(Value value, int line, Budget budget) {
        budget.step();
        return switch (value) {
            case Value.Str(Text text, boolean _) -> text.chars();
            case Value.Int(BigInteger number) -> number;
            case Value.Bool(boolean flag) -> flag ? BigInteger.ONE : BigInteger.ZERO;
            case Value.Real(double number) ->
                Double.isFinite(number) && number == Math.rint(number)
                        ? new BigDecimal(number).toBigInteger()
                        : (Object) number;
            case Value.Seq(List<Value> items, Value.Seq.Kind kind)
            when kind.isTuple() -> {
                budget.enter();
                List<Object> keys = new ArrayList<>();
                items.forEach(item -> keys.add(key(item, line, budget)));
                budget.leave();
                yield keys;
            }
            case Value.None none -> none;
            case Value.Undefined _ -> Value.Undefined.class;
            default -> throw TemplateError.at(line, type(value) + " cannot be a key");
        };
    }

    /** Goes over what a loop goes over; each item is a step. */
    static Iterator<Value> iterator(Value value, int line, Budget budget) {
        return switch (value) {
            case Value.Seq(List<Value> items, Value.Seq.Kind _) -> items.iterator();
            case Value.Lazy(Iterator<Value> items) -> items;
            case Value.Dict(Map<Object, Value.Pair> pairs) ->
                pairs.values().stream().map(Value.Pair::key).iterator();
            case Value.Str(Text text, boolean _) -> characters(text, budget).iterator();
            case Value.Undefined _ -> List.<Value>of().iterator();
            default -> throw TemplateError.at(line, type(value) + " has no items to go over");
        };
    }

    /** All the items, a step each. */
    static List<Value> items(Value value, int line, Budget budget) {
        if (value instanceof Value.Seq(List<Value> items, Value.Seq.Kind _)) {
            budget.step(items.size());
            return items;
        }
        List<Value> items = new ArrayList<>();
        for (Iterator<Value> all = iterator(value, line, budget); all.hasNext(); ) {
            budget.step();
            items.add(all.next());
        }
        return items;
    }

    private static List<Value> characters(Text text, Budget budget) {
        budget.step(text.length());
        List<Value> characters = new ArrayList<>();
        for (int i = 0; i < text.length(); ) {
            int end = i + Character.charCount(text.chars().codePointAt(i));
            characters.add(Value.of(text.part(i, end)));
            i = end;
        }
        return characters;
    }

    static long length(Value value, int line) {
        return switch (value) {
            case Value.Str(Text text, boolean _) -> text.count();
            case Value.Seq(List<Value> items, Value.Seq.Kind _) -> items.size();
            case Value.Dict(Map<Object, Value.Pair> pairs) -> pairs.size();
            case Value.Undefined _ -> 0;
            default -> throw TemplateError.at(line, type(value) + " has no length");
        };
    }

    /** A dictionary of these pairs, a later one over an earlier. */
    static Value.Dict dict(List<Value.Pair> pairs, int line, Budget budget) {
        Map<Object, Value.Pair> entries = new LinkedHashMap<>();
        for (Value.Pair pair : pairs) {
            Object key = key(pair.key(), line, budget);
            Value.Pair before = entries.get(key);
            entries.put(key, before == null ? pair : new Value.Pair(before.key(), pair.value()));
        }
        return new Value.Dict(entries);
    }

    static boolean isNumber(Value value) {
        return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
    }

    /** An integer that {@code what} needs. */
    static BigInteger integer(Value value, String what, int line) {
        return switch (value) {
            case Value.Int(BigInteger number) -> number;
            case Value.Bool(boolean flag) -> flag ? BigInteger.ONE : BigInteger.ZERO;
            default -> throw TemplateError.at(line, "%s needs an integer, not %s".formatted(what, type(value)));
        };
    }

    /** The same as a long, the nearest one where it is beyond. */
    static long whole(Value value, String what, int line) {
        BigInteger number = integer(value, what, line);
        return number.bitLength() < 63 ? number.longValue() : number.signum() * (Long.MAX_VALUE >> 1);
    }

    /** A string that {@code what} needs. */
    static Text string(Value value, String what, int line) {
        if (value instanceof Value.Str(Text text, boolean _)) {
            return text;
        }
        throw TemplateError.at(line, "%s needs a string, not %s".formatted(what, type(value)));
    }
}
