package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Filters that do something with each item: map, select and their like. */
final class EachFilters {
    private EachFilters() {}

    static void addTo(Map<String, Builtin> all) {
        all.put("map", Builtin.of("map", "*", EachFilters::map));
        for (String name : List.of("select", "reject", "selectattr", "rejectattr")) {
            all.put(name, Builtin.of(name, "*", a -> pick(name, a)));
        }
    }

    private static Value map(Arguments a) {
        if (!Values.truth(a.subject())) {
            return ItemFilters.lazy(List.of());
        }
        Function<Value, Value> change;
        Given given = a.given();
        if (given.positional().isEmpty() && given.named().containsKey("attribute")) {
            for (String name : given.named().keySet()) {
                if (!name.equals("attribute") && !name.equals("default")) {
                    throw a.bad("the filter 'map' has no argument '%s' beside 'attribute'".formatted(name));
                }
            }
            change = Paths.getter(
                    a, given.named().get("attribute"), given.named().getOrDefault("default", Value.NONE));
        } else if (given.positional().isEmpty()) {
            throw a.bad("the filter 'map' needs a filter's name, or 'attribute'");
        } else {
            String filter = Values.string(given.positional().getFirst(), "map", a.line())
                    .chars();
            Given rest = given.after(1);
            change = item -> Filters.apply(filter, item, rest, a.evaluator());
        }
        List<Value> mapped = new ArrayList<>();
        for (Value item : a.items()) {
            mapped.add(change.apply(item));
        }
        return ItemFilters.lazy(mapped);
    }

    private static Value pick(String name, Arguments a) {
        if (!Values.truth(a.subject())) {
            return ItemFilters.lazy(List.of());
        }
        boolean byAttribute = name.endsWith("attr");
        boolean wanted = name.startsWith("select");
        List<Value> given = a.given().positional();
        if (byAttribute && given.isEmpty()) {
            throw a.bad("the filter '%s' needs an attribute's name".formatted(name));
        }
        Function<Value, Value> of = byAttribute ? Paths.getter(a, given.getFirst(), Value.NONE) : Function.identity();
        int at = byAttribute ? 1 : 0;
        if (at >= given.size() && !a.given().named().isEmpty()) {
            throw a.bad("the filter '%s' has no argument '%s' without a test"
                    .formatted(name, a.given().named().keySet().iterator().next()));
        }
        List<Value> picked = new ArrayList<>();
        for (Value item : a.items()) {
            Value tested = of.apply(item);
            boolean passes = at < given.size()
                    ? Tests.apply(
                            Values.string(given.get(at), "the test's name", a.line())
                                    .chars(),
                            tested,
                            a.given().after(at + 1),
                            a.evaluator())
                    : Values.truth(tested);
            if (passes == wanted) {
                picked.add(item);
            }
        }
        return ItemFilters.lazy(picked);
    }
}
