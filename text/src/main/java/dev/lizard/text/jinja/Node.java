package dev.lizard.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A statement of a template. */
sealed interface Node {
    record Text(String text) implements Node {}

    record Output(Expr value) implements Node {}

    record If(Expr condition, List<Node> then, List<Node> otherwise) implements Node {}

    /** {@code targets} are one name, or several that take an item apart; {@code only} leaves items out. */
    record For(List<String> targets, Expr items, @Nullable Expr only, List<Node> body, List<Node> otherwise, int line)
            implements Node {}

    /** {@code attribute} is set where a namespace's attribute is assigned. */
    record Set(List<String> targets, @Nullable String attribute, Expr value, int line) implements Node {}

    /** Assigns what the body writes. */
    record Capture(String target, List<Node> body) implements Node {}

    record Macro(String name, List<String> parameters, Map<String, Expr> defaults, List<Node> body, int line)
            implements Node {}

    record Break() implements Node {}

    record Continue() implements Node {}
}
