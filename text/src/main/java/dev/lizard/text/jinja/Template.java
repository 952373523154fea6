package dev.lizard.text.jinja;

import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A parsed template, with white space and functions as chat templates expect them: {@code namespace}, {@code range},
 * {@code raise_exception}, {@code strftime_now}. Immutable; rendering is safe from many threads.
 */
public final class Template {
    private static final long LONGEST_RANGE = 100_000;

    private final List<Node> nodes;
    private final Clock clock;

    private Template(List<Node> nodes, Clock clock) {
        this.nodes = nodes;
        this.clock = clock;
    }

    /**
     * Parses {@code source}; {@code clock} is what {@code strftime_now} reads.
     *
     * @throws dev.lizard.base.LizardException INPUT, naming line and construct, where the source is malformed or uses
     *     what this subset leaves out
     */
    public static Template parse(String source, Clock clock) {
        try {
            return new Template(Parser.parse(source), clock);
        } catch (StackOverflowError tooDeep) {
            // Templates come with models from anywhere: a hostile one is refused like any other bad file.
            throw TemplateError.tooDeep();
        }
    }

    /**
     * The text of the template.
     *
     * @param variables strings, numbers, booleans, lists and maps of those, null for {@code none}
     * @throws dev.lizard.base.LizardException INPUT, naming the line, where the template refuses them or fails
     */
    public String render(Map<String, ? extends @Nullable Object> variables) {
        Scope root = new Scope(null);
        root.set("namespace", new Value.Function("namespace", (positional, named, line) -> {
            Map<String, Value> entries = new LinkedHashMap<>();
            for (Value first : positional) {
                if (first instanceof Value.Dict(Map<String, Value> given)) {
                    entries.putAll(given);
                }
            }
            entries.putAll(named);
            return new Value.Namespace(entries);
        }));
        root.set("range", new Value.Function("range", (positional, named, line) -> range(positional, line)));
        root.set("raise_exception", new Value.Function("raise_exception", (positional, named, line) -> {
            String message = positional.isEmpty() ? "" : Values.text(positional.getFirst());
            throw TemplateError.at(line, "the template refuses the conversation: " + message);
        }));
        root.set("strftime_now", new Value.Function("strftime_now", (positional, named, line) -> {
            String format = Values.string(new Given(positional, named, line).get(0, "format"), "strftime_now", line);
            return Value.of(DateText.format(format, LocalDateTime.now(clock), line));
        }));
        variables.forEach((name, value) -> root.set(name, Values.of(value)));
        try {
            return new Renderer(root).render(nodes);
        } catch (StackOverflowError tooDeep) {
            throw TemplateError.tooDeep();
        }
    }

    private static Value range(List<Value> given, int line) {
        List<Long> bounds = new ArrayList<>();
        for (Value bound : given) {
            bounds.add(Values.integer(bound, "range", line));
        }
        if (bounds.isEmpty() || bounds.size() > 3) {
            throw TemplateError.at(line, "range takes one to three integers");
        }
        long from = bounds.size() == 1 ? 0 : bounds.get(0);
        long to = bounds.size() == 1 ? bounds.get(0) : bounds.get(1);
        long step = bounds.size() == 3 ? bounds.get(2) : 1;
        List<Value> items = new ArrayList<>();
        if (step == 0) {
            throw TemplateError.at(line, "range with a step of zero");
        }
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            if (items.size() >= LONGEST_RANGE) {
                throw TemplateError.at(line, "a range of more than " + LONGEST_RANGE + " numbers");
            }
            items.add(new Value.Int(i));
        }
        return new Value.Seq(items);
    }
}
