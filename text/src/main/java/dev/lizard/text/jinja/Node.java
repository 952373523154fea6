package dev.lizard.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a template. */
sealed interface Node {
    record Text(String text) implements Node {}

    record Output(Expr value) implements Node {}

    record If(List<Branch> branches, List<Node> otherwise) implements Node {}

    /** {@code only} leaves items out. */
    record For(
            Target target,
            Expr items,
            @Nullable Expr only,
            boolean recursive,
            List<Node> body,
            List<Node> otherwise,
            int line)
            implements Node {}

    record Set(Target target, Expr value, int line) implements Node {}

    /** Assigns what the body writes, once filtered. */
    record Capture(Target target, List<Expr.FilterCall> filters, List<Node> body, int line) implements Node {}

    /** Writes what the body writes, once filtered. */
    record Filtered(List<Expr.FilterCall> filters, List<Node> body) implements Node {}

    record With(List<Target> targets, List<Expr> values, List<Node> body, int line) implements Node {}

    record Macro(String name, Signature signature, List<Node> body, Uses uses, int line) implements Node {}

    /** Writes what a call gives, whose {@code caller()} gives what the body writes. */
    record CallBlock(Expr.Call call, Macro caller) implements Node {}

    record Break() implements Node {}

    record Continue() implements Node {}

    record Branch(Expr condition, List<Node> then) {}

    /** Parameters in order; the last ones have {@code defaults}. */
    record Signature(List<String> parameters, List<Expr> defaults) {}

    /** Which of the names that a macro may ask for its body uses. */
    record Uses(boolean caller, boolean varargs, boolean kwargs) {}

    /** What is assigned to. */
    sealed interface Target {
        record Name(String name) implements Target {}

        record Attribute(String namespace, String name) implements Target {}

        record Several(List<Target> targets) implements Target {}
    }
}
