package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Computes expressions. */
final class Evaluator {
    private Evaluator() {}

    static Value evaluate(Expr expression, Scope scope) {
        return switch (expression) {
            case Expr.Literal(Value value, int _) -> value;
            case Expr.Name(String name, int _) -> scope.get(name);
            case Expr.ListOf(List<Expr> items, int _) -> new Value.Seq(all(items, scope));
            case Expr.DictOf(List<Expr> keys, List<Expr> values, int line) -> {
                Map<String, Value> entries = new LinkedHashMap<>();
                for (int i = 0; i < keys.size(); i++) {
                    String key = Values.string(evaluate(keys.get(i), scope), "a dictionary's key", line);
                    entries.put(key, evaluate(values.get(i), scope));
                }
                yield new Value.Dict(entries);
            }
            case Expr.Attribute(Expr of, String name, int line) -> Methods.attribute(evaluate(of, scope), name, line);
            case Expr.Index(Expr of, Expr key, int line) ->
                Methods.index(evaluate(of, scope), evaluate(key, scope), line);
            case Expr.Slice slice ->
                Methods.slice(
                        evaluate(slice.of(), scope),
                        bound(slice.from(), scope),
                        bound(slice.to(), scope),
                        bound(slice.step(), scope),
                        slice.line());
            case Expr.Call call -> call(call, scope);
            case Expr.Filter filter ->
                Filters.apply(
                        filter.name(),
                        evaluate(filter.input(), scope),
                        given(filter.arguments(), filter.line(), scope));
            case Expr.Test test ->
                Value.of(Tests.apply(
                        test.name(), evaluate(test.input(), scope), given(test.arguments(), test.line(), scope)));
            case Expr.Not(Expr of, int _) -> Value.of(!Values.truth(evaluate(of, scope)));
            case Expr.Negate(Expr of, int line) -> Values.arithmetic("-", new Value.Int(0), evaluate(of, scope), line);
            case Expr.Arithmetic(String sign, Expr left, Expr right, int line) ->
                Values.arithmetic(sign, evaluate(left, scope), evaluate(right, scope), line);
            case Expr.Compare compare -> Value.of(compare(compare, scope));
            case Expr.And(Expr left, Expr right, int _) -> {
                Value first = evaluate(left, scope);
                yield Values.truth(first) ? evaluate(right, scope) : first;
            }
            case Expr.Or(Expr left, Expr right, int _) -> {
                Value first = evaluate(left, scope);
                yield Values.truth(first) ? first : evaluate(right, scope);
            }
            case Expr.Choice choice -> {
                boolean holds = Values.truth(evaluate(choice.condition(), scope));
                Expr taken = holds ? choice.then() : choice.otherwise();
                yield taken == null
                        ? new Value.Undefined("the value of an 'if' without 'else'")
                        : evaluate(taken, scope);
            }
        };
    }

    private static Value bound(@Nullable Expr bound, Scope scope) {
        return bound == null ? Value.NONE : evaluate(bound, scope);
    }

    private static boolean compare(Expr.Compare compare, Scope scope) {
        Value left = evaluate(compare.left(), scope);
        Value right = evaluate(compare.right(), scope);
        int line = compare.line();
        return switch (compare.sign()) {
            case "==" -> Values.equal(left, right);
            case "!=" -> !Values.equal(left, right);
            case "<" -> Values.compare(left, right, line) < 0;
            case "<=" -> Values.compare(left, right, line) <= 0;
            case ">" -> Values.compare(left, right, line) > 0;
            case ">=" -> Values.compare(left, right, line) >= 0;
            case "in" -> Values.contains(right, left, line);
            default -> throw new IllegalStateException(compare.sign());
        };
    }

    private static Value call(Expr.Call call, Scope scope) {
        Value callee = evaluate(call.callee(), scope);
        if (callee instanceof Value.Function(String _, Value.Body body)) {
            Given given = given(call.arguments(), call.line(), scope);
            return body.call(given.positional(), given.named(), call.line());
        }
        String name = switch (call.callee()) {
            case Expr.Name(String plain, int _) -> plain;
            case Expr.Attribute(Expr of, String method, int _) ->
                method + "' of " + Values.type(evaluate(of, scope)) + ", '" + method;
            default -> "this";
        };
        throw TemplateError.unsupported(call.line(), "the function '" + name + "'");
    }

    static List<Value> all(List<Expr> expressions, Scope scope) {
        List<Value> values = new ArrayList<>();
        for (Expr expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private static Given given(Expr.Arguments arguments, int line, Scope scope) {
        Map<String, Value> named = new LinkedHashMap<>();
        arguments.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
        return new Given(all(arguments.positional(), scope), named, line);
    }
}
