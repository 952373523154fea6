package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs statements and collects what they write. */
final class Renderer {
    /** What a statement does to the loop around it. */
    private enum Flow {
        ON,
        BREAK,
        CONTINUE
    }

    private static final int DEEPEST_CALL = 100;

    private final Scope root;
    private StringBuilder out = new StringBuilder();
    private int calls;

    Renderer(Scope root) {
        this.root = root;
    }

    String render(List<Node> nodes) {
        run(nodes, new Scope(root));
        return out.toString();
    }

    private Flow run(List<Node> nodes, Scope scope) {
        for (Node node : nodes) {
            Flow flow = run(node, scope);
            if (flow != Flow.ON) {
                return flow;
            }
        }
        return Flow.ON;
    }

    private Flow run(Node node, Scope scope) {
        switch (node) {
            case Node.Text(String text) -> out.append(text);
            case Node.Output(Expr value) -> out.append(Values.text(Evaluator.evaluate(value, scope)));
            case Node.If(Expr condition, List<Node> then, List<Node> otherwise) -> {
                return run(Values.truth(Evaluator.evaluate(condition, scope)) ? then : otherwise, scope);
            }
            case Node.For loop -> {
                return loop(loop, scope);
            }
            case Node.Set set -> assign(set, scope);
            case Node.Capture(String target, List<Node> body) ->
                scope.set(target, Value.of(captured(() -> run(body, new Scope(scope)))));
            case Node.Macro macro -> scope.set(macro.name(), macro(macro, scope));
            case Node.Break() -> {
                return Flow.BREAK;
            }
            case Node.Continue() -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.ON;
    }

    private Flow loop(Node.For loop, Scope scope) {
        List<Value> items = new ArrayList<>();
        for (Value item : Values.items(Evaluator.evaluate(loop.items(), scope), loop.line())) {
            Expr only = loop.only();
            Scope inner = new Scope(scope);
            bind(loop.targets(), item, inner, loop.line());
            if (only == null || Values.truth(Evaluator.evaluate(only, inner))) {
                items.add(item);
            }
        }
        if (items.isEmpty()) {
            return run(loop.otherwise(), scope);
        }
        for (int i = 0; i < items.size(); i++) {
            Scope inner = new Scope(scope);
            bind(loop.targets(), items.get(i), inner, loop.line());
            inner.set("loop", position(items, i));
            if (run(loop.body(), inner) == Flow.BREAK) {
                break;
            }
        }
        return Flow.ON;
    }

    /** The variable {@code loop}. */
    private static Value position(List<Value> items, int i) {
        int size = items.size();
        Map<String, Value> loop = new LinkedHashMap<>();
        loop.put("index", new Value.Int(i + 1L));
        loop.put("index0", new Value.Int(i));
        loop.put("revindex", new Value.Int((long) size - i));
        loop.put("revindex0", new Value.Int(size - 1L - i));
        loop.put("first", Value.of(i == 0));
        loop.put("last", Value.of(i == size - 1));
        loop.put("length", new Value.Int(size));
        loop.put("previtem", i == 0 ? new Value.Undefined("loop.previtem") : items.get(i - 1));
        loop.put("nextitem", i == size - 1 ? new Value.Undefined("loop.nextitem") : items.get(i + 1));
        loop.put("cycle", new Value.Function("cycle", (positional, named, line) -> {
            if (positional.isEmpty()) {
                throw TemplateError.at(line, "cycle needs something to cycle through");
            }
            return positional.get(i % positional.size());
        }));
        return new Value.Dict(loop);
    }

    private static void bind(List<String> targets, Value value, Scope scope, int line) {
        if (targets.size() == 1) {
            scope.set(targets.getFirst(), value);
            return;
        }
        List<Value> parts = Values.items(value, line);
        if (parts.size() != targets.size()) {
            throw TemplateError.at(
                    line, "%d names cannot take %d values apart".formatted(targets.size(), parts.size()));
        }
        for (int i = 0; i < parts.size(); i++) {
            scope.set(targets.get(i), parts.get(i));
        }
    }

    private static void assign(Node.Set set, Scope scope) {
        Value value = Evaluator.evaluate(set.value(), scope);
        @Nullable String attribute = set.attribute();
        if (attribute == null) {
            bind(set.targets(), value, scope, set.line());
            return;
        }
        String name = set.targets().getFirst();
        if (!(scope.get(name) instanceof Value.Namespace(Map<String, Value> entries))) {
            throw TemplateError.at(
                    set.line(), "'%s' is no namespace, so '%s.%s' cannot be set".formatted(name, name, attribute));
        }
        entries.put(attribute, value);
    }

    private Value macro(Node.Macro macro, Scope scope) {
        return new Value.Function(macro.name(), (positional, named, line) -> {
            if (++calls > DEEPEST_CALL) {
                throw TemplateError.at(line, "the macro '%s' calls itself too often".formatted(macro.name()));
            }
            if (positional.size() > macro.parameters().size()) {
                throw TemplateError.at(
                        line,
                        "the macro '%s' takes %d arguments, not %d"
                                .formatted(macro.name(), macro.parameters().size(), positional.size()));
            }
            Scope inner = new Scope(scope);
            Given given = new Given(positional, named, line);
            for (int i = 0; i < macro.parameters().size(); i++) {
                String parameter = macro.parameters().get(i);
                Expr otherwise = macro.defaults().get(parameter);
                boolean filled = i < positional.size() || named.containsKey(parameter) || otherwise == null;
                inner.set(
                        parameter,
                        filled || otherwise == null ? given.get(i, parameter) : Evaluator.evaluate(otherwise, inner));
            }
            String text = captured(() -> run(macro.body(), inner));
            calls--;
            return Value.of(text);
        });
    }

    private String captured(Runnable body) {
        StringBuilder outside = out;
        out = new StringBuilder();
        body.run();
        String text = out.toString();
        out = outside;
        return text;
    }
}
