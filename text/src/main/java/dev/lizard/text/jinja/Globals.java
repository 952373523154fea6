package dev.lizard.text.jinja;

import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template sees. */
final class Globals {
    private static final long LONGEST_RANGE = 100_000;

    private Globals() {}

    static void define(Scope root, Clock clock) {
        define(root, "range", "/start,stop?,step?", Globals::range);
        define(root, "raise_exception", "message", a -> {
            throw a.bad("the template refuses the conversation: " + Repr.text(a.value(0), a.budget()));
        });
        define(
                root,
                "strftime_now",
                "format",
                a -> Value.of(
                        DateText.format(a.string(0, "strftime_now").chars(), LocalDateTime.now(clock), a.line())));
        define(root, "dict", "*", a -> Values.dict(pairs(a), a.line(), a.budget()));
        define(root, "namespace", "*", a -> {
            Map<String, Value> entries = new LinkedHashMap<>();
            for (Value.Pair pair : pairs(a)) {
                String name = Values.string(pair.key(), "a namespace", a.line()).chars();
                if (name.startsWith("_")) {
                    throw a.bad("a namespace keeps no '%s'".formatted(name));
                }
                entries.put(name, pair.value());
            }
            return new Value.Namespace(entries);
        });
        define(root, "cycler", "*", Globals::cycler);
        define(root, "joiner", "sep?", a -> {
            Value separator = a.value(0, Value.of(", "));
            boolean[] used = {false};
            return new Value.Thing("joiner", name -> null, (given, evaluator) -> {
                Value now = used[0] ? separator : Value.of("");
                used[0] = true;
                return now;
            });
        });
        root.set("self", new Value.Thing("self", name -> null, null));
        define(root, "lipsum", "*", a -> {
            throw TemplateError.unsupported(a.line(), "the function 'lipsum'");
        });
    }

    private static void define(Scope root, String name, String signature, Builtin.Body body) {
        Builtin builtin = Builtin.of(name, signature, body);
        root.set(
                name,
                Value.function(name, (given, evaluator) -> builtin.call("the function", Value.NONE, given, evaluator)));
    }

    /** What {@code dict} takes: one dictionary or pairs, then names. */
    private static List<Value.Pair> pairs(Arguments a) {
        List<Value.Pair> pairs = new ArrayList<>();
        List<Value> positional = a.given().positional();
        if (positional.size() > 1) {
            throw a.bad("at most one dictionary is taken, not " + positional.size());
        }
        for (Value first : positional) {
            if (first instanceof Value.Dict dict) {
                pairs.addAll(dict.pairs().values());
            } else {
                for (Value item : Values.items(first, a.line(), a.budget())) {
                    List<Value> pair = Values.items(item, a.line(), a.budget());
                    if (pair.size() != 2) {
                        throw a.bad("a dictionary is made of pairs, not of %d values".formatted(pair.size()));
                    }
                    pairs.add(new Value.Pair(pair.get(0), pair.get(1)));
                }
            }
        }
        a.given().named().forEach((name, value) -> pairs.add(new Value.Pair(Value.of(name), value)));
        a.budget().step(pairs.size());
        return pairs;
    }

    private static Value range(Arguments a) {
        long first = a.whole(0, "range", 0);
        long from = a.has(1) ? first : 0;
        long to = a.has(1) ? a.whole(1, "range", 0) : first;
        long step = a.whole(2, "range", 1);
        if (step == 0) {
            throw a.bad("range with a step of zero");
        }
        long span = step > 0 ? to - from : from - to;
        long size = span <= 0 ? 0 : 1 + (span - 1) / Math.abs(step);
        if (size > LONGEST_RANGE) {
            throw a.bad("a range of more than " + LONGEST_RANGE + " numbers");
        }
        return new Value.Seq(new RangeItems(from, to, step, (int) size), Value.Seq.Kind.RANGE);
    }

    private static Value cycler(Arguments a) {
        List<Value> items = a.given().positional();
        if (items.isEmpty() || !a.given().named().isEmpty()) {
            throw a.bad("cycler needs items, in order");
        }
        int[] at = {0};
        return new Value.Thing(
                "cycler",
                name -> switch (name) {
                    case "current" -> items.get(at[0]);
                    case "next" ->
                        Value.function("next", (given, evaluator) -> {
                            Value now = items.get(at[0]);
                            at[0] = (at[0] + 1) % items.size();
                            return now;
                        });
                    case "reset" ->
                        Value.function("reset", (given, evaluator) -> {
                            at[0] = 0;
                            return Value.NONE;
                        });
                    default -> null;
                },
                null);
    }
}
