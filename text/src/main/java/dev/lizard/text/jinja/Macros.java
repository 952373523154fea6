package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls macros. */
final class Macros {
    private Macros() {}

    static Value of(Node.Macro macro, Scope scope, Renderer renderer) {
        Node.Signature signature = macro.signature();
        return new Value.Thing(
                macro.name(),
                attribute -> switch (attribute) {
                    case "name" -> Value.of(macro.name());
                    case "arguments" ->
                        Value.tuple(
                                signature.parameters().stream().map(Value::of).toList());
                    case "caller" -> Value.of(macro.uses().caller());
                    case "catch_kwargs" -> Value.of(macro.uses().kwargs());
                    case "catch_varargs" -> Value.of(macro.uses().varargs());
                    default -> null;
                },
                (given, evaluator) -> {
                    if (!renderer.enterCall()) {
                        throw wrong(macro, given, "calls itself too often");
                    }
                    Text text = renderer.captured(macro.body(), bound(macro, given, scope, renderer));
                    renderer.leaveCall();
                    return Value.of(text);
                });
    }

    private static Scope bound(Node.Macro macro, Given given, Scope scope, Renderer renderer) {
        Scope inner = new Scope(scope);
        List<String> parameters = macro.signature().parameters();
        List<Expr> defaults = macro.signature().defaults();
        Map<String, Value> named = new LinkedHashMap<>(given.named());
        for (int i = 0; i < parameters.size(); i++) {
            String parameter = parameters.get(i);
            @Nullable
            Value value = i < given.positional().size() ? given.positional().get(i) : null;
            if (value == null) {
                value = named.remove(parameter);
            } else if (named.containsKey(parameter)) {
                throw wrong(macro, given, "is given '" + parameter + "' twice");
            }
            if (value == null) {
                int at = i - (parameters.size() - defaults.size());
                value = at < 0
                        ? new Value.Undefined(parameter)
                        : renderer.evaluator().evaluate(defaults.get(at), inner);
            }
            inner.set(parameter, value);
        }
        List<Value> rest = given.after(parameters.size()).positional();
        if (!rest.isEmpty() && !macro.uses().varargs()) {
            throw wrong(
                    macro,
                    given,
                    "takes %d arguments, not %d"
                            .formatted(parameters.size(), given.positional().size()));
        }
        if (macro.uses().caller()) {
            Value caller = named.remove("caller");
            inner.set("caller", caller == null ? new Value.Undefined("caller") : caller);
        }
        if (!named.isEmpty() && !macro.uses().kwargs()) {
            throw wrong(
                    macro,
                    given,
                    "has no argument '" + named.keySet().iterator().next() + "'");
        }
        inner.set("varargs", Value.tuple(new ArrayList<>(rest)));
        inner.set("kwargs", Value.dict(named));
        return inner;
    }

    private static RuntimeException wrong(Node.Macro macro, Given given, String what) {
        return TemplateError.at(given.line(), "the macro '%s' %s".formatted(macro.name(), what));
    }
}
