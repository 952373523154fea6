package dev.lizard.text.jinja;

import dev.lizard.base.Interrupt;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A parsed template, with white space and functions as chat templates expect them. Immutable; rendering is safe from
 * many threads.
 */
public final class Template {
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
     *     what is left out here
     */
    public static Template parse(String source, Clock clock) {
        try {
            return new Template(Parser.parse(source), clock);
        } catch (StackOverflowError tooDeep) {
            // Templates come with models from anywhere: a hostile one is refused like any other bad file.
            throw TemplateError.tooDeep();
        }
    }

    /** The variables that it asks for, functions included; those that it sets itself are not among them. */
    public Set<String> names() {
        return Names.free(nodes);
    }

    /**
     * The text of the template.
     *
     * @param variables strings, numbers, booleans, lists and maps of those, null for {@code none}, {@link Quoted} parts
     * @throws dev.lizard.base.LizardException INPUT, naming the line, where the template refuses them, fails, or costs
     *     more than a rendering may
     */
    public String render(Map<String, ? extends @Nullable Object> variables) {
        return write(variables, new Interrupt()).text();
    }

    /**
     * As {@link #render}, with the parts that were {@link Quoted}.
     *
     * @throws dev.lizard.base.LizardException INTERRUPTED where {@code interrupt} was requested
     */
    public Written write(Map<String, ? extends @Nullable Object> variables, Interrupt interrupt) {
        Scope root = new Scope(null);
        Globals.define(root, clock);
        HostValues host = new HostValues();
        variables.forEach((name, value) -> root.set(name, host.of(value)));
        try {
            Budget budget = new Budget(interrupt, host.values(), host.characters());
            return Written.of(new Renderer(budget).render(nodes, root));
        } catch (StackOverflowError tooDeep) {
            throw TemplateError.tooDeep();
        }
    }
}
