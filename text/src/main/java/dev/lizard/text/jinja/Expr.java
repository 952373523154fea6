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

    record DictOf(List<Expr> keys, List<Expr> values, int line) implements Expr {}

    record Attribute(Expr of, String name, int line) implements Expr {}

    record Index(Expr of, Expr key, int line) implements Expr {}

    record Slice(
            Expr of,
            @Nullable Expr from,
            @Nullable Expr to,
            @Nullable Expr step,
            int line) implements Expr {}

    record Call(Expr callee, Arguments arguments, int line) implements Expr {}

    record Filter(Expr input, String name, Arguments arguments, int line) implements Expr {}

    record Test(Expr input, String name, Arguments arguments, int line) implements Expr {}

    record Not(Expr of, int line) implements Expr {}

    record Negate(Expr of, int line) implements Expr {}

    /** {@code sign} is one of + - * / // % ~ */
    record Arithmetic(String sign, Expr left, Expr right, int line) implements Expr {}

    /** {@code sign} is one of == != &lt; &lt;= &gt; &gt;= in */
    record Compare(String sign, Expr left, Expr right, int line) implements Expr {}

    record And(Expr left, Expr right, int line) implements Expr {}

    record Or(Expr left, Expr right, int line) implements Expr {}

    /** {@code then if condition else otherwise} */
    record Choice(Expr condition, Expr then, @Nullable Expr otherwise, int line) implements Expr {}

    /** What a call, filter or test is given. */
    record Arguments(List<Expr> positional, Map<String, Expr> named) {
        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }
}
