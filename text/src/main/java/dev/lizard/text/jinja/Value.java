package dev.lizard.text.jinja;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an expression can be: Python's types, as far as templates see them. */
sealed interface Value {
    /** A variable or key that is not there; {@code name} is for the message. */
    record Undefined(String name) implements Value {}

    record None() implements Value {}

    record Bool(boolean value) implements Value {}

    record Int(BigInteger value) implements Value {}

    record Real(double value) implements Value {}

    /** {@code safe}: marked as HTML, so that what is added with a plus is escaped. */
    record Str(Text text, boolean safe) implements Value {}

    record Seq(List<Value> items, Kind kind) implements Value {
        enum Kind {
            LIST,
            TUPLE,
            /** A tuple of {@code groupby}, whose items have names. */
            GROUP,
            RANGE,
            KEYS,
            VALUES,
            ITEMS;

            boolean isTuple() {
                return this == TUPLE || this == GROUP;
            }

            /** Whether an item is found by its number. */
            boolean indexed() {
                return this == LIST || isTuple() || this == RANGE;
            }
        }
    }

    /** What {@code map} and its like give: can be gone through once. */
    record Lazy(Iterator<Value> items) implements Value {}

    record Dict(Map<Object, Pair> pairs) implements Value {
        /** The value of a string's key. */
        @Nullable
        Value get(String key) {
            Pair pair = pairs.get(key);
            return pair == null ? null : pair.value();
        }
    }

    record Pair(Value key, Value value) {}

    /** The one thing whose contents templates may change. */
    record Namespace(Map<String, Value> entries) implements Value {}

    /** Macros, loops, and what the host offers: attributes by name, and a body if it can be called. */
    record Thing(
            String name, Attributes attributes, @Nullable Body body) implements Value {}

    /** What a {@link Thing} does when it is called. */
    @FunctionalInterface
    interface Body {
        Value call(Given given, Evaluator evaluator);
    }

    @FunctionalInterface
    interface Attributes {
        @Nullable
        Value get(String name);
    }

    Value NONE = new None();
    Value TRUE = new Bool(true);
    Value FALSE = new Bool(false);

    static Value of(boolean value) {
        return value ? TRUE : FALSE;
    }

    static Value of(long value) {
        return new Int(BigInteger.valueOf(value));
    }

    static Value of(String value) {
        return new Str(Text.of(value), false);
    }

    static Value of(Text value) {
        return new Str(value, false);
    }

    static Value list(List<Value> items) {
        return new Seq(items, Seq.Kind.LIST);
    }

    static Value tuple(List<Value> items) {
        return new Seq(items, Seq.Kind.TUPLE);
    }

    static Value function(String name, Body body) {
        return new Thing(name, attribute -> null, body);
    }

    /** A dictionary of strings' keys that are the template's own. */
    static Dict dict(Map<String, Value> entries) {
        Map<Object, Pair> pairs = new LinkedHashMap<>();
        entries.forEach((key, value) -> pairs.put(key, new Pair(of(key), value)));
        return new Dict(pairs);
    }
}
