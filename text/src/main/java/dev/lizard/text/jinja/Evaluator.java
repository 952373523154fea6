package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Computes expressions within a budget. */
record Evaluator(Budget budget) {
    Value evaluate(Expr expression, Scope scope) {
        budget.step();
        budget.enter();
        budget.at(expression.line());
        Value value = compute(expression, scope);
        budget.leave();
        return value;
    }

    private Value compute(Expr expression, Scope scope) {
        return switch (expression) {
            case Expr.Literal(Value value, int _) -> value;
            case Expr.Name(String name, int _) -> scope.get(name);
            case Expr.ListOf(List<Expr> items, int _) -> Value.list(all(items, scope));
            case Expr.TupleOf(List<Expr> items, int _) -> Value.tuple(all(items, scope));
            case Expr.DictOf dict -> dictionary(dict, scope);
            case Expr.Attribute(Expr of, String name, int line) ->
                Attributes.attribute(evaluate(of, scope), name, line, budget);
            case Expr.Index(Expr of, Expr key, int line) ->
                Attributes.index(evaluate(of, scope), evaluate(key, scope), line, budget);
            case Expr.Slice slice -> slice(slice, scope);
            case Expr.Call call -> call(call, scope, Map.of());
            case Expr.Filter(Expr input, Expr.FilterCall call, int _) -> filter(evaluate(input, scope), call, scope);
            case Expr.Test(Expr input, String name, Expr.Args arguments, int line) -> {
                Value tested = evaluate(input, scope);
                yield Value.of(Tests.apply(name, tested, given(arguments, line, scope, Map.of()), this));
            }
            case Expr.Not(Expr of, int _) -> Value.of(!Values.truth(evaluate(of, scope)));
            case Expr.Signed signed -> signed(signed, scope);
            case Expr.Arithmetic(String sign, Expr left, Expr right, int line) ->
                Arithmetic.of(sign, evaluate(left, scope), evaluate(right, scope), line, budget);
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

    private Value dictionary(Expr.DictOf dict, Scope scope) {
        List<Value.Pair> pairs = new ArrayList<>();
        for (int i = 0; i < dict.keys().size(); i++) {
            Value key = evaluate(dict.keys().get(i), scope);
            pairs.add(new Value.Pair(key, evaluate(dict.values().get(i), scope)));
        }
        return Values.dict(pairs, dict.line(), budget);
    }

    private Value slice(Expr.Slice slice, Scope scope) {
        return Attributes.slice(
                evaluate(slice.of(), scope),
                bound(slice.from(), scope),
                bound(slice.to(), scope),
                bound(slice.step(), scope),
                slice.line(),
                budget);
    }

    private Value bound(@Nullable Expr bound, Scope scope) {
        return bound == null ? Value.NONE : evaluate(bound, scope);
    }

    private Value signed(Expr.Signed signed, Scope scope) {
        Value value = evaluate(signed.of(), scope);
        if (!Values.isNumber(value)) {
            throw TemplateError.at(signed.line(), "cannot compute %s%s".formatted(signed.sign(), Values.type(value)));
        }
        if (value instanceof Value.Real(double real)) {
            return signed.sign().equals("-") ? new Value.Real(-real) : value;
        }
        return new Value.Int(signed.sign().equals("-") ? Numbers.whole(value).negate() : Numbers.whole(value));
    }

    private boolean compare(Expr.Compare compare, Scope scope) {
        Value left = evaluate(compare.first(), scope);
        for (Expr.Comparison comparison : compare.rest()) {
            Value right = evaluate(comparison.right(), scope);
            if (!holds(comparison.sign(), left, right, compare.line())) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private boolean holds(String sign, Value left, Value right, int line) {
        return switch (sign) {
            case "==" -> Values.equal(left, right, budget);
            case "!=" -> !Values.equal(left, right, budget);
            case "in" -> Values.contains(right, left, line, budget);
            case "not in" -> !Values.contains(right, left, line, budget);
            default -> {
                int order = Values.compare(left, right, line, budget);
                yield switch (sign) {
                    case "<" -> order == -1;
                    case "<=" -> order == -1 || order == 0;
                    case ">" -> order == 1;
                    case ">=" -> order == 1 || order == 0;
                    default -> throw new IllegalStateException(sign);
                };
            }
        };
    }

    /** The call, with {@code extra} arguments by name. */
    Value call(Expr.Call call, Scope scope, Map<String, Value> extra) {
        Value callee = evaluate(call.callee(), scope);
        if (callee instanceof Value.Thing(String _, Value.Attributes _, Value.Body body) && body != null) {
            return body.call(given(call.arguments(), call.line(), scope, extra), this);
        }
        String name = switch (call.callee()) {
            case Expr.Name(String plain, int _) -> plain;
            case Expr.Attribute(Expr of, String method, int _) ->
                method + "' of " + Values.type(evaluate(of, scope)) + ", '" + method;
            default -> Values.type(callee);
        };
        throw TemplateError.unsupported(call.line(), "the function '" + name + "'");
    }

    Value filter(Value input, Expr.FilterCall call, Scope scope) {
        return Filters.apply(call.name(), input, given(call.arguments(), call.line(), scope, Map.of()), this);
    }

    private List<Value> all(List<Expr> expressions, Scope scope) {
        List<Value> values = new ArrayList<>();
        for (Expr expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Given given(Expr.Args arguments, int line, Scope scope, Map<String, Value> extra) {
        List<Value> positional = all(arguments.positional(), scope);
        Map<String, Value> named = new LinkedHashMap<>();
        arguments.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
        if (arguments.list() != null) {
            positional.addAll(Values.items(evaluate(arguments.list(), scope), line, budget));
        }
        if (arguments.dictionary() != null) {
            if (!(evaluate(arguments.dictionary(), scope) instanceof Value.Dict dict)) {
                throw TemplateError.at(line, "only a dictionary can be unpacked with '**'");
            }
            for (Value.Pair pair : dict.pairs().values()) {
                String name =
                        Values.string(pair.key(), "an argument's name", line).chars();
                if (named.put(name, pair.value()) != null) {
                    throw TemplateError.at(line, "the argument '%s' is given twice".formatted(name));
                }
            }
        }
        named.putAll(extra);
        return new Given(positional, named, line);
    }
}
