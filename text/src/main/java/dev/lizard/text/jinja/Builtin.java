package dev.lizard.text.jinja;

import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A filter, test, method or function of the language, with the arguments it takes.
 *
 * @param parameters their names in order
 * @param required how many of them must be given
 * @param named whether they may be given by name
 * @param open whether it takes any arguments and looks at them itself
 */
record Builtin(String name, List<String> parameters, int required, boolean named, boolean open, Body body) {
    /** What it does. */
    @FunctionalInterface
    interface Body {
        Value call(Arguments arguments);
    }

    /**
     * Reads a signature: names with commas between, {@code ?} after those that may be left out, {@code /} before all
     * where none may be given by name, {@code *} for anything.
     */
    static Builtin of(String name, String signature, Body body) {
        boolean open = signature.equals("*");
        boolean named = !signature.startsWith("/");
        List<String> parameters = new ArrayList<>();
        int required = 0;
        for (String parameter : (open ? "" : named ? signature : signature.substring(1)).split(",", -1)) {
            if (!parameter.isEmpty()) {
                boolean optional = parameter.endsWith("?");
                required += optional ? 0 : 1;
                parameters.add(optional ? parameter.substring(0, parameter.length() - 1) : parameter);
            }
        }
        return new Builtin(name, parameters, required, named, open, body);
    }

    /**
     * Calls it on {@code subject}.
     *
     * @param what how messages call it: "the filter"
     */
    Value call(String what, Value subject, Given given, Evaluator evaluator) {
        @Nullable Value[] values = new @Nullable Value[parameters.size()];
        if (!open) {
            fill(what, given, values);
        }
        return body.call(new Arguments(subject, values, given, evaluator));
    }

    private void fill(String what, Given given, @Nullable Value[] values) {
        if (given.positional().size() > values.length) {
            throw TemplateError.at(
                    given.line(),
                    "%s '%s' takes at most %d arguments, not %d"
                            .formatted(
                                    what,
                                    name,
                                    values.length,
                                    given.positional().size()));
        }
        for (int i = 0; i < given.positional().size(); i++) {
            values[i] = given.positional().get(i);
        }
        for (Map.Entry<String, Value> entry : given.named().entrySet()) {
            int at = named ? parameters.indexOf(entry.getKey()) : -1;
            if (at < 0) {
                String hint = named && !parameters.isEmpty()
                        ? " (%s)".formatted(Nearest.hint(entry.getKey(), parameters))
                        : "";
                throw TemplateError.at(
                        given.line(), "%s '%s' has no argument '%s'%s".formatted(what, name, entry.getKey(), hint));
            }
            if (values[at] != null) {
                throw TemplateError.at(
                        given.line(), "%s '%s' is given '%s' twice".formatted(what, name, entry.getKey()));
            }
            values[at] = entry.getValue();
        }
        for (int i = 0; i < required; i++) {
            if (values[i] == null) {
                throw TemplateError.at(
                        given.line(), "%s '%s' needs the argument '%s'".formatted(what, name, parameters.get(i)));
            }
        }
    }
}
