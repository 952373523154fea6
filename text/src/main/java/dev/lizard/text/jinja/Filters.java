package dev.lizard.text.jinja;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What can stand after a bar. */
final class Filters {
    static final Map<String, Builtin> ALL = new LinkedHashMap<>();

    /** Those of Jinja that chat templates do not need, or that write something else every time. */
    static final Set<String> REFUSED = Set.of("pprint", "random", "striptags", "urlize", "wordwrap");

    static {
        TextFilters.addTo(ALL);
        NumberFilters.addTo(ALL);
        ItemFilters.addTo(ALL);
        EachFilters.addTo(ALL);
    }

    private Filters() {}

    static boolean exists(String name) {
        return ALL.containsKey(name);
    }

    /** The error where there is no such filter. */
    static RuntimeException unknown(String name, int line) {
        return REFUSED.contains(name)
                ? TemplateError.unsupported(line, "the filter '" + name + "'")
                : TemplateError.unknown(line, "the filter", name, ALL.keySet());
    }

    static Value apply(String name, Value input, Given given, Evaluator evaluator) {
        Builtin filter = ALL.get(name);
        if (filter == null) {
            throw unknown(name, given.line());
        }
        evaluator.budget().enter();
        Value value = filter.call("the filter", input, given, evaluator);
        evaluator.budget().leave();
        return value;
    }
}
