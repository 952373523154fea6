package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Filters about the items of a value. */
final class ItemFilters {
    private ItemFilters() {}

    static void addTo(Map<String, Builtin> all) {
        add(all, "length", "", a -> Value.of(length(a)));
        add(all, "count", "", a -> Value.of(length(a)));
        add(all, "default", "default_value?,boolean?", ItemFilters::otherwise);
        add(all, "d", "default_value?,boolean?", ItemFilters::otherwise);
        add(all, "list", "", a -> Value.list(new ArrayList<>(a.items())));
        add(all, "first", "", a -> {
            Iterator<Value> items = a.iterator();
            return items.hasNext() ? items.next() : new Value.Undefined("first");
        });
        add(all, "last", "", a -> {
            if (a.subject() instanceof Value.Lazy) {
                throw a.bad("a generator has no last item");
            }
            List<Value> items = a.items();
            return items.isEmpty() ? new Value.Undefined("last") : items.getLast();
        });
        add(all, "join", "d?,attribute?", ItemFilters::join);
        add(all, "reverse", "", ItemFilters::reverse);
        add(all, "items", "", a -> switch (a.subject()) {
            case Value.Undefined _ -> lazy(List.of());
            case Value.Dict(Map<Object, Value.Pair> pairs) ->
                lazy(Values.items(ListMethods.items(List.copyOf(pairs.values())), a.line(), a.budget()));
            default -> throw a.bad(Values.type(a.subject()) + " has no key-value pairs");
        });
        add(all, "attr", "name", a -> attr(a));
        add(all, "sort", "reverse?,case_sensitive?,attribute?", ItemFilters::sort);
        add(all, "dictsort", "case_sensitive?,by?,reverse?", ItemFilters::dictsort);
        add(all, "unique", "case_sensitive?,attribute?", ItemFilters::unique);
        add(all, "min", "case_sensitive?,attribute?", a -> extreme(a, -1));
        add(all, "max", "case_sensitive?,attribute?", a -> extreme(a, 1));
        add(all, "sum", "attribute?,start?", ItemFilters::sum);
        add(all, "groupby", "attribute,default?,case_sensitive?", ItemFilters::groupby);
        add(all, "batch", "linecount,fill_with?", ItemFilters::batch);
        add(all, "slice", "slices,fill_with?", ItemFilters::slice);
    }

    private static void add(Map<String, Builtin> all, String name, String signature, Builtin.Body body) {
        all.put(name, Builtin.of(name, signature, body));
    }

    static Value lazy(List<Value> items) {
        return new Value.Lazy(items.iterator());
    }

    private static long length(Arguments a) {
        if (a.subject() instanceof Value.Str(Text text, boolean _)) {
            a.budget().scan(text.length());
        }
        return Values.length(a.subject(), a.line());
    }

    private static Value otherwise(Arguments a) {
        boolean missing = a.subject() instanceof Value.Undefined || (a.flag(1, false) && !Values.truth(a.subject()));
        return missing ? a.value(0, Value.of("")) : a.subject();
    }

    private static Value join(Arguments a) {
        Function<Value, Value> of = a.some(1) ? Paths.getter(a, a.value(1), Value.NONE) : Function.identity();
        List<Text> parts = new ArrayList<>();
        for (Iterator<Value> items = a.iterator(); items.hasNext(); ) {
            a.budget().step();
            parts.add(Repr.text(of.apply(items.next()), a.budget()));
        }
        return Value.of(PythonText.join(
                a.has(0) ? Repr.text(a.value(0), a.budget()) : Text.EMPTY, parts.iterator(), a.budget()));
    }

    private static Value reverse(Arguments a) {
        if (a.subject() instanceof Value.Str) {
            return a.same(PythonText.reversed(a.scanned(), a.budget()));
        }
        List<Value> reversed = new ArrayList<>(a.items());
        Collections.reverse(reversed);
        return a.subject() instanceof Value.Lazy ? Value.list(reversed) : lazy(reversed);
    }

    private static Value attr(Arguments a) {
        String name = a.string(0, "attr").chars();
        // Entries of a dictionary are no attributes.
        boolean entry = a.subject() instanceof Value.Dict && !ListMethods.OF_DICT.containsKey(name);
        return entry || a.subject() instanceof Value.Undefined
                ? new Value.Undefined(name)
                : Attributes.attribute(a.subject(), name, a.line(), a.budget());
    }

    private static Value folded(Value value, boolean caseSensitive, Arguments a) {
        return !caseSensitive && value instanceof Value.Str(Text text, boolean _)
                ? Value.of(TextBuilder.mapped(text, PythonText::lower, a.budget()))
                : value;
    }

    private record Keyed(Value key, Value value) {}

    private static List<Keyed> sorted(Arguments a, List<Keyed> items, boolean reverse) {
        // Reversed so that equal ones keep their order.
        Comparator<Keyed> order = (x, y) -> Values.compare(x.key(), y.key(), a.line(), a.budget());
        items.sort(reverse ? (x, y) -> order.compare(y, x) : order);
        return items;
    }

    private static Value sort(Arguments a) {
        boolean caseSensitive = a.flag(1, false);
        List<Function<Value, Value>> getters = new ArrayList<>();
        if (a.some(2) && a.value(2) instanceof Value.Str(Text text, boolean _)) {
            PythonText.split(text, ",", -1, a.budget())
                    .forEach(one -> getters.add(Paths.getter(a, Value.of(one), Value.NONE)));
        } else {
            getters.add(a.some(2) ? Paths.getter(a, a.value(2), Value.NONE) : Function.identity());
        }
        List<Keyed> items = new ArrayList<>();
        for (Value item : a.items()) {
            List<Value> keys = new ArrayList<>();
            getters.forEach(getter -> keys.add(folded(getter.apply(item), caseSensitive, a)));
            items.add(new Keyed(Value.list(keys), item));
        }
        return Value.list(
                sorted(a, items, a.flag(0, false)).stream().map(Keyed::value).toList());
    }

    private static Value dictsort(Arguments a) {
        String by = a.has(1) ? Repr.text(a.value(1), a.budget()).chars() : "key";
        if (!by.equals("key") && !by.equals("value")) {
            throw a.bad("dictsort sorts by 'key' or 'value', not '" + by + "'");
        }
        if (!(a.subject() instanceof Value.Dict(Map<Object, Value.Pair> pairs))) {
            throw a.bad("dictsort needs a dictionary, not " + Values.type(a.subject()));
        }
        List<Keyed> items = new ArrayList<>();
        for (Value.Pair pair : pairs.values()) {
            a.budget().step();
            Value key = by.equals("key") ? pair.key() : pair.value();
            items.add(new Keyed(folded(key, a.flag(0, false), a), Value.tuple(List.of(pair.key(), pair.value()))));
        }
        return Value.list(
                sorted(a, items, a.flag(2, false)).stream().map(Keyed::value).toList());
    }

    private static Value unique(Arguments a) {
        Function<Value, Value> of = a.some(1) ? Paths.getter(a, a.value(1), Value.NONE) : Function.identity();
        Set<Object> seen = new HashSet<>();
        List<Value> unique = new ArrayList<>();
        for (Value item : a.items()) {
            if (seen.add(Values.key(folded(of.apply(item), a.flag(0, false), a), a.line(), a.budget()))) {
                unique.add(item);
            }
        }
        return lazy(unique);
    }

    private static Value extreme(Arguments a, int sign) {
        Function<Value, Value> of = a.some(1) ? Paths.getter(a, a.value(1), Value.NONE) : Function.identity();
        Keyed best = null;
        for (Value item : a.items()) {
            Value key = folded(of.apply(item), a.flag(0, false), a);
            if (best == null || Integer.signum(Values.compare(key, best.key(), a.line(), a.budget())) == sign) {
                best = new Keyed(key, item);
            }
        }
        return best == null ? new Value.Undefined("an item of nothing") : best.value();
    }

    private static Value sum(Arguments a) {
        Function<Value, Value> of = a.some(0) ? Paths.getter(a, a.value(0), Value.NONE) : Function.identity();
        Value sum = a.value(1, Value.of(0));
        if (sum instanceof Value.Str) {
            throw a.bad("sum cannot begin with a string; use join");
        }
        for (Value item : a.items()) {
            sum = Arithmetic.of("+", sum, of.apply(item), a.line(), a.budget());
        }
        return sum;
    }

    private static Value groupby(Arguments a) {
        Function<Value, Value> of = Paths.getter(a, a.value(0), a.value(1, Value.NONE));
        boolean caseSensitive = a.flag(2, false);
        List<Keyed> items = new ArrayList<>();
        for (Value item : a.items()) {
            items.add(new Keyed(folded(of.apply(item), caseSensitive, a), item));
        }
        sorted(a, items, false);
        List<Value> groups = new ArrayList<>();
        for (int i = 0; i < items.size(); ) {
            List<Value> group = new ArrayList<>();
            int begin = i;
            while (i < items.size()
                    && Values.equal(items.get(i).key(), items.get(begin).key(), a.budget())) {
                group.add(items.get(i++).value());
            }
            groups.add(new Value.Seq(List.of(of.apply(group.getFirst()), Value.list(group)), Value.Seq.Kind.GROUP));
        }
        return Value.list(groups);
    }

    private static Value batch(Arguments a) {
        long size = a.whole(0, "batch", 0);
        List<Value> batches = new ArrayList<>();
        List<Value> batch = new ArrayList<>();
        for (Value item : a.items()) {
            if (batch.size() == size) {
                batches.add(Value.list(batch));
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            filled(batch, a.some(1) ? size - batch.size() : 0, a);
            batches.add(Value.list(batch));
        }
        return lazy(batches);
    }

    private static void filled(List<Value> items, long count, Arguments a) {
        a.budget().step(Math.max(count, 0));
        for (long i = 0; i < count; i++) {
            items.add(a.value(1));
        }
    }

    private static Value slice(Arguments a) {
        List<Value> items = a.items();
        long slices = a.whole(0, "slice", 0);
        if (slices <= 0) {
            throw a.bad("slice needs a number above 0, not " + slices);
        }
        a.budget().step(slices);
        List<Value> all = new ArrayList<>();
        long each = items.size() / slices;
        long longer = items.size() % slices;
        long at = 0;
        for (long i = 0; i < slices; i++) {
            long end = at + each + (i < longer ? 1 : 0);
            List<Value> slice = new ArrayList<>(items.subList((int) at, (int) end));
            filled(slice, a.some(1) && i >= longer ? 1 : 0, a);
            all.add(Value.list(slice));
            at = end;
        }
        return lazy(all);
    }
}
