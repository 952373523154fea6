package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Runs statements and collects what they write. */
final class Renderer {
    /** What a statement does to the loop around it. */
    private enum Flow {
        ON,
        BREAK,
        CONTINUE
    }

    private static final int DEEPEST_CALL = 100;

    private final Budget budget;
    private final Evaluator evaluator;
    private TextBuilder out;
    private int calls;

    Renderer(Budget budget) {
        this.budget = budget;
        evaluator = new Evaluator(budget);
        out = new TextBuilder(budget);
    }

    Text render(List<Node> nodes, Scope root) {
        run(nodes, new Scope(root));
        return out.build();
    }

    private Flow run(List<Node> nodes, Scope scope) {
        for (Node node : nodes) {
            budget.step();
            budget.enter();
            Flow flow = run(node, scope);
            budget.leave();
            if (flow != Flow.ON) {
                return flow;
            }
        }
        return Flow.ON;
    }

    private Flow run(Node node, Scope scope) {
        switch (node) {
            case Node.Text(String text) -> out.append(text);
            case Node.Output(Expr value) -> out.append(Repr.text(evaluator.evaluate(value, scope), budget));
            case Node.If(List<Node.Branch> branches, List<Node> otherwise) -> {
                for (Node.Branch branch : branches) {
                    if (Values.truth(evaluator.evaluate(branch.condition(), scope))) {
                        return run(branch.then(), scope);
                    }
                }
                return run(otherwise, scope);
            }
            case Node.For loop -> {
                return loop(loop, evaluator.evaluate(loop.items(), scope), scope, 1);
            }
            case Node.Set(Node.Target target, Expr value, int line) ->
                bind(target, evaluator.evaluate(value, scope), scope, line);
            case Node.Capture capture -> {
                Value text = Value.of(captured(capture.body(), new Scope(scope)));
                bind(capture.target(), filtered(text, capture.filters(), scope), scope, capture.line());
            }
            case Node.Filtered(List<Expr.FilterCall> filters, List<Node> body) -> {
                Value text = Value.of(captured(body, new Scope(scope)));
                out.append(Repr.text(filtered(text, filters, scope), budget));
            }
            case Node.With with -> {
                Scope inner = new Scope(scope);
                for (int i = 0; i < with.targets().size(); i++) {
                    bind(with.targets().get(i), evaluator.evaluate(with.values().get(i), scope), inner, with.line());
                }
                return run(with.body(), inner);
            }
            case Node.Macro macro -> scope.set(macro.name(), Macros.of(macro, scope, this));
            case Node.CallBlock(Expr.Call call, Node.Macro caller) -> {
                Value written = evaluator.call(call, scope, Map.of("caller", Macros.of(caller, scope, this)));
                out.append(Repr.text(written, budget));
            }
            case Node.Break() -> {
                return Flow.BREAK;
            }
            case Node.Continue() -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.ON;
    }

    private Value filtered(Value text, List<Expr.FilterCall> filters, Scope scope) {
        Value value = text;
        for (Expr.FilterCall filter : filters) {
            value = evaluator.filter(value, filter, scope);
        }
        return value;
    }

    private Flow loop(Node.For loop, Value over, Scope scope, int depth) {
        List<Value> items = new ArrayList<>();
        for (Iterator<Value> all = Values.iterator(over, loop.line(), budget); all.hasNext(); ) {
            budget.step();
            Value item = all.next();
            if (loop.only() != null) {
                Scope inner = new Scope(scope);
                bind(loop.target(), item, inner, loop.line());
                if (!Values.truth(evaluator.evaluate(loop.only(), inner))) {
                    continue;
                }
            }
            items.add(item);
        }
        if (items.isEmpty()) {
            return run(loop.otherwise(), new Scope(scope));
        }
        Loop position =
                new Loop(items, depth, budget, loop.recursive() ? inner -> again(loop, inner, scope, depth) : null);
        for (int i = 0; i < items.size(); i++) {
            budget.step();
            Scope inner = new Scope(scope);
            position.at(i);
            inner.set("loop", position.value());
            bind(loop.target(), items.get(i), inner, loop.line());
            if (run(loop.body(), inner) == Flow.BREAK) {
                break;
            }
        }
        return Flow.ON;
    }

    /** What a recursive loop writes for other items. */
    private Text again(Node.For loop, Value over, Scope scope, int depth) {
        TextBuilder outside = out;
        out = new TextBuilder(budget);
        budget.enter();
        loop(loop, over, scope, depth + 1);
        budget.leave();
        Text text = out.build();
        out = outside;
        return text;
    }

    void bind(Node.Target target, Value value, Scope scope, int line) {
        switch (target) {
            case Node.Target.Name(String name) -> scope.set(name, value);
            case Node.Target.Attribute(String name, String attribute) -> {
                if (!(scope.get(name) instanceof Value.Namespace(Map<String, Value> entries))) {
                    throw TemplateError.at(
                            line, "'%s' is no namespace, so '%s.%s' cannot be set".formatted(name, name, attribute));
                }
                if (attribute.startsWith("_")) {
                    throw TemplateError.at(line, "a namespace keeps no '%s'".formatted(attribute));
                }
                entries.put(attribute, value);
            }
            case Node.Target.Several(List<Node.Target> targets) -> {
                List<Value> parts = Values.items(value, line, budget);
                if (parts.size() != targets.size()) {
                    throw TemplateError.at(
                            line, "%d names cannot take %d values apart".formatted(targets.size(), parts.size()));
                }
                for (int i = 0; i < parts.size(); i++) {
                    bind(targets.get(i), parts.get(i), scope, line);
                }
            }
        }
    }

    /** What {@code body} writes. */
    Text captured(List<Node> body, Scope scope) {
        TextBuilder outside = out;
        out = new TextBuilder(budget);
        run(body, scope);
        Text text = out.build();
        out = outside;
        return text;
    }

    /** False where calls nest too deep. */
    boolean enterCall() {
        return ++calls <= DEEPEST_CALL;
    }

    void leaveCall() {
        calls--;
    }

    Evaluator evaluator() {
        return evaluator;
    }
}
