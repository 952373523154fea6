package dev.lizard.text.jinja;

import java.util.List;
import java.util.Map;

/** The evaluated arguments of a call, filter or test. */
record Given(List<Value> positional, Map<String, Value> named, int line) {
    /** The same without the first {@code count} positional ones. */
    Given after(int count) {
        return new Given(positional.subList(Math.min(count, positional.size()), positional.size()), named, line);
    }
}
