package dev.lizard.text.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/** What can stand after {@code is}. */
final class Tests {
    static final Map<String, Builtin> ALL = new LinkedHashMap<>();

    private Tests() {}

    static {
        is("defined", value -> !(value instanceof Value.Undefined));
        is("undefined", Value.Undefined.class::isInstance);
        is("none", Value.None.class::isInstance);
        is("string", Value.Str.class::isInstance);
        is("mapping", Value.Dict.class::isInstance);
        is("number", Values::isNumber);
        is("integer", Value.Int.class::isInstance);
        is("float", Value.Real.class::isInstance);
        is("boolean", Value.Bool.class::isInstance);
        is("true", Value.TRUE::equals);
        is("false", Value.FALSE::equals);
        is(
                "callable",
                value -> value instanceof Value.Undefined
                        || (value instanceof Value.Thing(String _, Value.Attributes _, Value.Body body)
                                && body != null));
        is(
                "iterable",
                value -> value instanceof Value.Seq
                        || value instanceof Value.Lazy
                        || value instanceof Value.Dict
                        || value instanceof Value.Str
                        || value instanceof Value.Undefined);
        // A view of a dictionary has a length but no items by number; what is undefined has both, as Python sees it.
        is(
                "sequence",
                value -> (value instanceof Value.Seq(List<Value> _, Value.Seq.Kind kind) && kind.indexed())
                        || value instanceof Value.Dict
                        || value instanceof Value.Str
                        || value instanceof Value.Undefined);
        is("escaped", value -> value instanceof Value.Str(Text _, boolean safe) && safe);
        add("lower", "", a -> TextMethods.isCase(a.scanned().chars(), true));
        add("upper", "", a -> TextMethods.isCase(a.scanned().chars(), false));
        add("odd", "", a -> rest(a, Value.of(2), 1));
        add("even", "", a -> rest(a, Value.of(2), 0));
        add("divisibleby", "num", a -> rest(a, a.value(0), 0));
        add("in", "seq", a -> Values.contains(a.value(0), a.subject(), a.line(), a.budget()));
        add("sameas", "other", a -> same(a.subject(), a.value(0)));
        add("filter", "", a -> a.subject() instanceof Value.Str(Text name, boolean _) && Filters.exists(name.chars()));
        add("test", "", a -> a.subject() instanceof Value.Str(Text name, boolean _) && exists(name.chars()));
        for (String name : List.of("==", "eq", "equalto")) {
            add(name, "/other", a -> Values.equal(a.subject(), a.value(0), a.budget()));
        }
        for (String name : List.of("!=", "ne")) {
            add(name, "/other", a -> !Values.equal(a.subject(), a.value(0), a.budget()));
        }
        order(List.of("<", "lt", "lessthan"), sign -> sign == -1);
        order(List.of("<=", "le"), sign -> sign == -1 || sign == 0);
        order(List.of(">", "gt", "greaterthan"), sign -> sign == 1);
        order(List.of(">=", "ge"), sign -> sign == 1 || sign == 0);
    }

    private static void is(String name, Predicate<Value> test) {
        add(name, "", a -> test.test(a.subject()));
    }

    private static void add(String name, String signature, Predicate<Arguments> test) {
        ALL.put(name, Builtin.of(name, signature, a -> Value.of(test.test(a))));
    }

    private static void order(List<String> names, IntPredicate test) {
        names.forEach(name ->
                add(name, "/other", a -> test.test(Values.compare(a.subject(), a.value(0), a.line(), a.budget()))));
    }

    private static boolean rest(Arguments a, Value by, int wanted) {
        return Values.equal(Arithmetic.of("%", a.subject(), by, a.line(), a.budget()), Value.of(wanted), a.budget());
    }

    /** Python's identity, as far as it can be relied on: of none, booleans and the very same object. */
    @SuppressWarnings("ReferenceEquality") // Identity is what is asked for.
    private static boolean same(Value left, Value right) {
        boolean small = left instanceof Value.Int(var a) && right instanceof Value.Int(var b) && a.equals(b);
        boolean text = left instanceof Value.Str(Text a, boolean _)
                && right instanceof Value.Str(Text b, boolean _)
                && a.equals(b);
        boolean simple = left instanceof Value.Bool || left instanceof Value.None;
        return left == right || small || text || (simple && left.equals(right));
    }

    static boolean exists(String name) {
        return ALL.containsKey(name);
    }

    static RuntimeException unknown(String name, int line) {
        return TemplateError.unknown(line, "the test", name, ALL.keySet());
    }

    static boolean apply(String name, Value value, Given given, Evaluator evaluator) {
        Builtin test = ALL.get(name);
        if (test == null) {
            throw unknown(name, given.line());
        }
        return Values.truth(test.call("the test", value, given, evaluator));
    }
}
