package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The methods of lists, tuples and dictionaries that change nothing. */
final class ListMethods {
    static final Map<String, Builtin> OF_LIST = new LinkedHashMap<>();
    static final Map<String, Builtin> OF_DICT = new LinkedHashMap<>();

    private ListMethods() {}

    private static void add(Map<String, Builtin> to, String name, String signature, Builtin.Body body) {
        to.put(name, Builtin.of(name, signature, body));
    }

    static {
        add(OF_LIST, "index", "/value,start?,stop?", a -> {
            List<Value> items = a.items();
            long start = bound(a, 1, 0, items.size());
            long stop = bound(a, 2, items.size(), items.size());
            for (long i = start; i < Math.min(stop, items.size()); i++) {
                if (Values.equal(items.get((int) i), a.value(0), a.budget())) {
                    return Value.of(i);
                }
            }
            throw a.bad("the list has no '" + Repr.text(a.value(0), a.budget()) + "'");
        });
        add(
                OF_LIST,
                "count",
                "/value",
                a -> Value.of(a.items().stream()
                        .filter(item -> Values.equal(item, a.value(0), a.budget()))
                        .count()));
        add(OF_LIST, "copy", "/", Arguments::subject);
        add(OF_DICT, "items", "/", a -> items(pairs(a)));
        add(OF_DICT, "keys", "/", a -> {
            List<Value> keys = pairs(a).stream().map(Value.Pair::key).toList();
            return new Value.Seq(keys, Value.Seq.Kind.KEYS);
        });
        add(OF_DICT, "values", "/", a -> {
            List<Value> values = pairs(a).stream().map(Value.Pair::value).toList();
            return new Value.Seq(values, Value.Seq.Kind.VALUES);
        });
        add(OF_DICT, "copy", "/", Arguments::subject);
        add(OF_DICT, "get", "/key,default?", a -> {
            Value.Pair pair = ((Value.Dict) a.subject()).pairs().get(Values.key(a.value(0), a.line(), a.budget()));
            return pair == null ? a.value(1, Value.NONE) : pair.value();
        });
    }

    private static long bound(Arguments a, int index, long otherwise, int size) {
        long at = a.whole(index, "index", otherwise);
        return at < 0 ? Math.max(at + size, 0) : at;
    }

    private static List<Value.Pair> pairs(Arguments a) {
        List<Value.Pair> pairs =
                new ArrayList<>(((Value.Dict) a.subject()).pairs().values());
        a.budget().step(pairs.size());
        return pairs;
    }

    static Value items(List<Value.Pair> pairs) {
        List<Value> items = pairs.stream()
                .map(pair -> Value.tuple(List.of(pair.key(), pair.value())))
                .toList();
        return new Value.Seq(items, Value.Seq.Kind.ITEMS);
    }
}
