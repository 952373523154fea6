package dev.lizard.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes, subscripts and slices of values. */
final class Attributes {
    /** Methods that the sandbox forbids, or that give bytes. */
    private static final Set<String> OF_TEXT = Set.of("encode", "maketrans", "translate");

    private static final Set<String> OF_LIST =
            Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
    private static final Set<String> OF_DICT = Set.of("clear", "pop", "popitem", "setdefault", "update", "fromkeys");

    private Attributes() {}

    /** {@code of.name}: a method first, as Python has it, then an entry. */
    static Value attribute(Value of, String name, int line, Budget budget) {
        return switch (of) {
            case Value.Str _ -> method(of, TextMethods.ALL.get(name), OF_TEXT, name, line);
            case Value.Seq(List<Value> items, Value.Seq.Kind kind) -> {
                if (kind == Value.Seq.Kind.GROUP && (name.equals("grouper") || name.equals("list"))) {
                    yield items.get(name.equals("list") ? 1 : 0);
                }
                boolean known = kind.indexed() && (kind == Value.Seq.Kind.LIST || !name.equals("copy"));
                yield method(of, known ? ListMethods.OF_LIST.get(name) : null, OF_LIST, name, line);
            }
            case Value.Dict dict -> {
                Builtin method = ListMethods.OF_DICT.get(name);
                Value entry = method == null && !OF_DICT.contains(name) ? dict.get(name) : null;
                yield entry == null ? method(of, method, OF_DICT, name, line) : entry;
            }
            case Value.Namespace(Map<String, Value> entries) -> entries.getOrDefault(name, new Value.Undefined(name));
            case Value.Undefined(String missing) ->
                throw TemplateError.at(line, "'%s' is undefined, so it has no '%s'".formatted(missing, name));
            case Value.Thing(String _, Value.Attributes attributes, Value.@Nullable Body _) -> {
                Value attribute = attributes.get(name);
                yield attribute == null ? absent(name, line) : attribute;
            }
            default -> absent(name, line);
        };
    }

    private static Value absent(String name, int line) {
        if (name.startsWith("__")) {
            throw TemplateError.at(line, "the attribute '%s' is not safe".formatted(name));
        }
        return new Value.Undefined(name);
    }

    private static Value method(Value of, @Nullable Builtin method, Set<String> refused, String name, int line) {
        if (method == null) {
            if (refused.contains(name)) {
                throw TemplateError.unsupported(line, "'%s' of %s".formatted(name, Values.type(of)));
            }
            return absent(name, line);
        }
        return Value.function(name, (given, evaluator) -> method.call("the method", of, given, evaluator));
    }

    /** {@code of[key]}. */
    static Value index(Value of, Value key, int line, Budget budget) {
        boolean number = key instanceof Value.Int || key instanceof Value.Bool;
        return switch (of) {
            case Value.Dict(Map<Object, Value.Pair> pairs) -> {
                boolean hashable = !(key instanceof Value.Seq(List<Value> _, Value.Seq.Kind kind) && !kind.isTuple())
                        && !(key instanceof Value.Dict);
                Value.Pair pair = hashable ? pairs.get(Values.key(key, line, budget)) : null;
                yield pair == null ? byName(of, key, line, budget) : pair.value();
            }
            case Value.Seq(List<Value> items, Value.Seq.Kind kind)
            when number && kind.indexed() -> item(items, Numbers.whole(key));
            case Value.Str(Text text, boolean safe)
            when number -> {
                budget.scan(text.length());
                BigInteger at = Numbers.whole(key);
                int count = text.count();
                BigInteger index = at.signum() < 0 ? at.add(BigInteger.valueOf(count)) : at;
                if (index.signum() < 0 || index.compareTo(BigInteger.valueOf(count)) >= 0) {
                    yield new Value.Undefined("character " + at);
                }
                int begin = text.chars().offsetByCodePoints(0, index.intValue());
                yield new Value.Str(text.part(begin, text.chars().offsetByCodePoints(begin, 1)), safe);
            }
            case Value.Undefined(String missing) ->
                throw TemplateError.at(
                        line, "'%s' is undefined, so it has no '%s'".formatted(missing, Repr.text(key, budget)));
            default -> byName(of, key, line, budget);
        };
    }

    private static Value byName(Value of, Value key, int line, Budget budget) {
        if (!(key instanceof Value.Str(Text name, boolean _))) {
            return new Value.Undefined("item " + Repr.text(key, budget));
        }
        return of instanceof Value.Dict
                        && ListMethods.OF_DICT.get(name.chars()) == null
                        && !OF_DICT.contains(name.chars())
                ? absent(name.chars(), line)
                : attribute(of, name.chars(), line, budget);
    }

    private static Value item(List<Value> items, BigInteger at) {
        BigInteger index = at.signum() < 0 ? at.add(BigInteger.valueOf(items.size())) : at;
        return index.signum() >= 0 && index.compareTo(BigInteger.valueOf(items.size())) < 0
                ? items.get(index.intValue())
                : new Value.Undefined("item " + at);
    }

    /** {@code of[from:to:step]}; bounds that are left out are none. */
    static Value slice(Value of, Value from, Value to, Value step, int line, Budget budget) {
        boolean sliced = of instanceof Value.Str
                || (of instanceof Value.Seq(List<Value> _, Value.Seq.Kind kind) && kind.indexed());
        if (!sliced) {
            if (of instanceof Value.Undefined(String missing)) {
                throw TemplateError.at(line, "'%s' is undefined, so it has no parts".formatted(missing));
            }
            throw TemplateError.at(line, Values.type(of) + " cannot be sliced");
        }
        long by = bound(step, 1, line);
        if (by == 0) {
            throw TemplateError.at(line, "a slice's step is zero");
        }
        if (of instanceof Value.Str(Text text, boolean safe) && by == 1) {
            budget.scan(text.length());
            int count = text.count();
            int begin = (int) clamp(bound(from, 0, line), count, by, from);
            int end = (int) Math.max(clamp(bound(to, count, line), count, by, to), begin);
            int at = text.chars().offsetByCodePoints(0, begin);
            return new Value.Str(text.part(at, text.chars().offsetByCodePoints(at, end - begin)), safe);
        }
        List<Value> items = Values.items(of, line, budget);
        int size = items.size();
        long begin = clamp(bound(from, by > 0 ? 0 : size - 1L, line), size, by, from);
        long end = clamp(bound(to, by > 0 ? size : -1L, line), size, by, to);
        if (items instanceof RangeItems range) {
            long span = by > 0 ? end - begin : begin - end;
            int count = (int) (span <= 0 ? 0 : 1 + (span - 1) / Math.abs(by));
            return new Value.Seq(range.part(begin, end, by, count), Value.Seq.Kind.RANGE);
        }
        List<Value> picked = new ArrayList<>();
        for (long i = begin; by > 0 ? i < end : i > end; i += by) {
            picked.add(items.get((int) i));
        }
        if (of instanceof Value.Seq(List<Value> _, Value.Seq.Kind kind)) {
            return new Value.Seq(picked, kind == Value.Seq.Kind.GROUP ? Value.Seq.Kind.TUPLE : kind);
        }
        return Value.of(PythonText.join(
                Text.EMPTY, picked.stream().map(item -> Repr.text(item, budget)).iterator(), budget));
    }

    private static long bound(Value bound, long otherwise, int line) {
        return bound instanceof Value.None ? otherwise : Values.whole(bound, "a slice", line);
    }

    /** Counts a negative bound that was given from the end and keeps it within the list. */
    private static long clamp(long at, int size, long step, Value given) {
        long index = at < 0 && !(given instanceof Value.None) ? at + size : at;
        return step > 0 ? Math.clamp(index, 0, size) : Math.clamp(index, -1, size - 1L);
    }
}
