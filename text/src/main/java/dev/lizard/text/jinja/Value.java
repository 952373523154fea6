package dev.lizard.text.jinja;

import java.util.List;
import java.util.Map;

/** What an expression can be: Python's types, as far as templates see them. */
sealed interface Value {
    /** A variable or key that is not there; {@code name} is for the message. */
    record Undefined(String name) implements Value {}

    record None() implements Value {}

    record Bool(boolean value) implements Value {}

    record Int(long value) implements Value {}

    record Real(double value) implements Value {}

    record Str(String value) implements Value {}

    /** Lists and tuples. */
    record Seq(List<Value> items) implements Value {}

    record Dict(Map<String, Value> entries) implements Value {}

    /** The one thing whose contents templates may change. */
    record Namespace(Map<String, Value> entries) implements Value {}

    /** Macros and the functions that the host offers. */
    record Function(String name, Body body) implements Value {}

    /** What a {@link Function} does. */
    @FunctionalInterface
    interface Body {
        Value call(List<Value> positional, Map<String, Value> named, int line);
    }

    Value NONE = new None();
    Value TRUE = new Bool(true);
    Value FALSE = new Bool(false);

    static Value of(boolean value) {
        return value ? TRUE : FALSE;
    }

    static Value of(String value) {
        return new Str(value);
    }

    static Value of(List<String> values) {
        return new Seq(values.stream().map(Value::of).toList());
    }
}
