package dev.lizard.text.jinja;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}. */
final class Loop {
    private final List<Value> items;
    private final int depth;
    private final Budget budget;
    private final Value value;
    private int at;
    private @Nullable Value last;

    /** @param again what the loop writes for other items; null where it is not recursive */
    Loop(List<Value> items, int depth, Budget budget, @Nullable Function<Value, Text> again) {
        this.items = items;
        this.depth = depth;
        this.budget = budget;
        value = new Value.Thing("loop", this::attribute, (given, evaluator) -> {
            if (again == null) {
                throw TemplateError.at(given.line(), "the loop is not 'recursive'");
            }
            if (given.positional().size() != 1 || !given.named().isEmpty()) {
                throw TemplateError.at(given.line(), "'loop' takes one argument");
            }
            return Value.of(again.apply(given.positional().getFirst()));
        });
    }

    Value value() {
        return value;
    }

    void at(int index) {
        at = index;
    }

    private @Nullable Value attribute(String name) {
        int size = items.size();
        return switch (name) {
            case "index" -> Value.of(at + 1L);
            case "index0" -> Value.of(at);
            case "revindex" -> Value.of((long) size - at);
            case "revindex0" -> Value.of(size - 1L - at);
            case "first" -> Value.of(at == 0);
            case "last" -> Value.of(at == size - 1);
            case "length" -> Value.of(size);
            case "depth" -> Value.of(depth);
            case "depth0" -> Value.of(depth - 1L);
            case "previtem" -> at == 0 ? new Value.Undefined("loop.previtem") : items.get(at - 1);
            case "nextitem" -> at == size - 1 ? new Value.Undefined("loop.nextitem") : items.get(at + 1);
            case "cycle" ->
                Value.function("cycle", (given, evaluator) -> {
                    if (given.positional().isEmpty() || !given.named().isEmpty()) {
                        throw TemplateError.at(given.line(), "cycle needs something to cycle through, in order");
                    }
                    return given.positional().get(at % given.positional().size());
                });
            case "changed" ->
                Value.function("changed", (given, evaluator) -> {
                    if (!given.named().isEmpty()) {
                        throw TemplateError.at(given.line(), "changed takes its arguments in order");
                    }
                    Value now = Value.tuple(given.positional());
                    Value before = last;
                    last = now;
                    return Value.of(before == null || !Values.equal(before, now, budget));
                });
            default -> null;
        };
    }
}
