package dev.lizard.text.jinja;

import java.util.List;
import java.util.Map;

/** The evaluated arguments of a call, filter or test. */
record Given(List<Value> positional, Map<String, Value> named, int line) {
    /** The argument at {@code index} or called {@code name}; undefined where it was not given. */
    Value get(int index, String name) {
        if (index < positional.size()) {
            return positional.get(index);
        }
        Value value = named.get(name);
        return value == null ? new Value.Undefined(name) : value;
    }

    boolean has(int index, String name) {
        return !(get(index, name) instanceof Value.Undefined);
    }

    String string(int index, String name, String otherwise) {
        return has(index, name) ? Values.string(get(index, name), name, line) : otherwise;
    }

    long integer(int index, String name, long otherwise) {
        Value value = get(index, name);
        return value instanceof Value.Undefined || value instanceof Value.None
                ? otherwise
                : Values.integer(value, name, line);
    }

    /** The same without the first {@code count} positional ones. */
    Given after(int count) {
        return new Given(positional.subList(Math.min(count, positional.size()), positional.size()), named, line);
    }
}
