package dev.lizard.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression; {@code line} is where it stands. */
sealed interface Expr {
    int line();

    record Literal(Value value, int line) implements Expr {}

    record Name(String name, int line) implements Expr {}

    record ListOf(List<Expr> items, int line) implements Expr {}

    record TupleOf(List<Expr> items, int line) implements Expr {}

    record DictOf(List<Expr> keys, List<Expr> values, int line) implements Expr {}

    record Attribute(Expr of, String name, int line) implements Expr {}

    record Index(Expr of, Expr key, int line) implements Expr {}

    record Slice(
            Expr of,
            @Nullable Expr from,
            @Nullable Expr to,
            @Nullable Expr step,
            int line) implements Expr {}

    record Call(Expr callee, Args arguments, int line) implements Expr {}

    record Filter(Expr input, FilterCall call, int line) implements Expr {}

    record Test(Expr input, String name, Args arguments, int line) implements Expr {}

    record Not(Expr of, int line) implements Expr {}

    /** {@code sign} is + or - */
    record Signed(String sign, Expr of, int line) implements Expr {}

    /** {@code sign} is one of + - * / // % ** ~ */
    record Arithmetic(String sign, Expr left, Expr right, int line) implements Expr {}

    /** {@code first < second <= third}: each operand is computed once. */
    record Compare(Expr first, List<Comparison> rest, int line) implements Expr {}

    record And(Expr left, Expr right, int line) implements Expr {}

    record Or(Expr left, Expr right, int line) implements Expr {}

    /** {@code then if condition else otherwise} */
    record Choice(Expr condition, Expr then, @Nullable Expr otherwise, int line) implements Expr {}

    /** {@code sign} is one of == != &lt; &lt;= &gt; &gt;= in, not in */
    record Comparison(String sign, Expr right) {}

    /** A filter without what it is done to. */
    record FilterCall(String name, Args arguments, int line) {}

    /** What a call, filter or test is given; a list and a dictionary may be unpacked after the rest. */
    record Args(
            List<Expr> positional,
            Map<String, Expr> named,
            @Nullable Expr list,
            @Nullable Expr dictionary) {
        static final Args NONE = new Args(List.of(), Map.of(), null, null);
    }
}
