package dev.lizard.text.jinja;

import dev.lizard.text.jinja.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses what stands between operators: literals, names, calls, subscripts, filters and tests. */
final class OperandParser {
    private static final Set<String> COMPARISONS = ExpressionParser.COMPARISONS;
    private static final Set<String> WORDS = Set.of("if", "else", "and", "or", "not", "is", "in", "recursive");
    /** Words that go on after a test without arguments; {@code not} and {@code in} do so where Jinja would stumble. */
    private static final Set<String> AFTER_TEST = Set.of("else", "or", "and", "if", "not", "in", "recursive");

    private static final int MOST_DIGITS = 1_000;

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private final Set<String> names = new HashSet<>();
    /** Branches that are open: what stands in one may name filters and tests that do not exist, until it is run. */
    private int branches;

    OperandParser(TokenStream tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    void enterBranch() {
        branches++;
    }

    void leaveBranch() {
        branches--;
    }

    /** The names used so far; may be changed to learn which are used from here on. */
    Set<String> names() {
        return names;
    }

    /** With its sign, what follows it, and {@code filters} or not. */
    Expr signed(boolean filters) {
        Token token = tokens.peek();
        Expr value;
        if (token.isSign("-") || token.isSign("+")) {
            expressions.enter();
            tokens.next();
            value = new Expr.Signed(token.text(), signed(false), token.line());
            expressions.leave();
        } else {
            value = primary();
        }
        value = postfix(value);
        return filters ? filters(value) : value;
    }

    private Expr primary() {
        Token token = tokens.next();
        int line = token.line();
        return switch (token.kind()) {
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.peek().kind() == Kind.STRING) {
                    text.append(tokens.next().text());
                }
                yield new Expr.Literal(Value.of(text.toString()), line);
            }
            case INTEGER -> new Expr.Literal(integer(token), line);
            case REAL -> new Expr.Literal(new Value.Real(Double.parseDouble(token.text())), line);
            case NAME -> name(token);
            case SIGN ->
                switch (token.text()) {
                    case "(" -> parenthesis(line);
                    case "[" -> new Expr.ListOf(items("]"), line);
                    case "{" -> dictionary(line);
                    default -> throw unexpected(token);
                };
            case DATA, OUTPUT_BEGIN, OUTPUT_END, BLOCK_BEGIN, BLOCK_END, END -> throw unexpected(token);
        };
    }

    private static RuntimeException unexpected(Token token) {
        return TemplateError.at(token.line(), "expected an expression but found " + token.shown());
    }

    private static Value integer(Token token) {
        try {
            String digits = token.text().toLowerCase(Locale.ROOT);
            if (digits.length() > MOST_DIGITS) {
                throw new NumberFormatException("too long");
            }
            int radix = digits.startsWith("0x") ? 16 : digits.startsWith("0o") ? 8 : digits.startsWith("0b") ? 2 : 10;
            return new Value.Int(new BigInteger(radix == 10 ? digits : digits.substring(2), radix));
        } catch (NumberFormatException tooLong) {
            throw TemplateError.at(
                    token.line(),
                    "a number of %d digits is too large".formatted(token.text().length()));
        }
    }

    private Expr name(Token token) {
        int line = token.line();
        return switch (token.text()) {
            case "true", "True" -> new Expr.Literal(Value.TRUE, line);
            case "false", "False" -> new Expr.Literal(Value.FALSE, line);
            case "none", "None" -> new Expr.Literal(Value.NONE, line);
            default -> {
                if (WORDS.contains(token.text())) {
                    throw unexpected(token);
                }
                names.add(token.text());
                yield new Expr.Name(token.text(), line);
            }
        };
    }

    private Expr parenthesis(int line) {
        if (tokens.takeSign(")")) {
            return new Expr.TupleOf(List.of(), line);
        }
        Expr value = expressions.expressions();
        tokens.expectSign(")");
        return value;
    }

    private List<Expr> items(String close) {
        List<Expr> items = new ArrayList<>();
        while (!tokens.takeSign(close)) {
            items.add(expressions.expression());
            if (!tokens.peek().isSign(close)) {
                tokens.expectSign(",");
            }
        }
        return items;
    }

    private Expr dictionary(int line) {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.takeSign("}")) {
            keys.add(expressions.expression());
            tokens.expectSign(":");
            values.add(expressions.expression());
            if (!tokens.peek().isSign("}")) {
                tokens.expectSign(",");
            }
        }
        return new Expr.DictOf(keys, values, line);
    }

    private Expr postfix(Expr of) {
        Expr value = of;
        while (true) {
            int line = tokens.line();
            if (tokens.takeSign(".")) {
                Token key = tokens.next();
                value = switch (key.kind()) {
                    case NAME -> new Expr.Attribute(value, key.text(), line);
                    case INTEGER -> new Expr.Index(value, new Expr.Literal(integer(key), line), line);
                    case DATA, OUTPUT_BEGIN, OUTPUT_END, BLOCK_BEGIN, BLOCK_END, STRING, REAL, SIGN, END ->
                        throw TemplateError.at(line, "expected a name after '.' but found " + key.shown());
                };
            } else if (tokens.takeSign("[")) {
                value = subscript(value, line);
            } else if (tokens.takeSign("(")) {
                value = new Expr.Call(value, arguments(), line);
            } else {
                return value;
            }
        }
    }

    private Expr subscript(Expr of, int line) {
        Expr from = tokens.peek().isSign(":") ? null : expressions.expression();
        if (from != null && tokens.takeSign("]")) {
            return new Expr.Index(of, from, line);
        }
        if (from != null && tokens.peek().isSign(",")) {
            throw TemplateError.unsupported(line, "a subscript with a comma");
        }
        tokens.expectSign(":");
        Expr to = bound();
        Expr step = tokens.takeSign(":") ? bound() : null;
        tokens.expectSign("]");
        return new Expr.Slice(of, from, to, step, line);
    }

    private @Nullable Expr bound() {
        return tokens.peek().isSign(":") || tokens.peek().isSign("]") ? null : expressions.expression();
    }

    private Expr filters(Expr of) {
        Expr value = of;
        while (true) {
            int line = tokens.line();
            if (tokens.takeSign("|")) {
                value = new Expr.Filter(value, filter(), line);
            } else if (tokens.takeName("is")) {
                value = test(value, line);
            } else if (tokens.takeSign("(")) {
                value = new Expr.Call(value, arguments(), line);
            } else {
                return value;
            }
        }
    }

    /** Filters with bars between, the first without one. */
    List<Expr.FilterCall> filterChain() {
        List<Expr.FilterCall> filters = new ArrayList<>();
        do {
            filters.add(filter());
        } while (tokens.takeSign("|"));
        return filters;
    }

    private Expr.FilterCall filter() {
        Token name = tokens.expect(Kind.NAME, "a filter's name");
        if (branches == 0 && !Filters.exists(name.text())) {
            throw Filters.unknown(name.text(), name.line());
        }
        Expr.Args arguments = tokens.takeSign("(") ? arguments() : Expr.Args.NONE;
        return new Expr.FilterCall(name.text(), arguments, name.line());
    }

    private Expr test(Expr of, int line) {
        boolean negated = tokens.takeName("not");
        Token token = tokens.next();
        boolean sign = token.kind() == Kind.SIGN && COMPARISONS.contains(token.text());
        if (token.kind() != Kind.NAME && !sign) {
            throw TemplateError.at(line, "expected a test's name after 'is' but found " + token.shown());
        }
        if (branches == 0 && !Tests.exists(token.text())) {
            throw Tests.unknown(token.text(), token.line());
        }
        Expr.Args arguments = Expr.Args.NONE;
        Token next = tokens.peek();
        if (tokens.takeSign("(")) {
            arguments = arguments();
        } else if (next.isName("is")) {
            throw TemplateError.at(line, "tests cannot be chained with 'is'");
        } else if (next.kind() == Kind.STRING
                || next.kind() == Kind.INTEGER
                || next.kind() == Kind.REAL
                || next.isSign("[")
                || next.isSign("{")
                || (next.kind() == Kind.NAME && !AFTER_TEST.contains(next.text()))) {
            arguments = new Expr.Args(List.of(postfix(primary())), Map.of(), null, null);
        }
        Expr test = new Expr.Test(of, token.text(), arguments, line);
        return negated ? new Expr.Not(test, line) : test;
    }

    /** What stands between parentheses, the opening one already read. */
    Expr.Args arguments() {
        List<Expr> positional = new ArrayList<>();
        Map<String, Expr> named = new LinkedHashMap<>();
        Expr list = null;
        Expr dictionary = null;
        while (!tokens.takeSign(")")) {
            int line = tokens.line();
            boolean before = list == null && dictionary == null;
            if (tokens.takeSign("*")) {
                ordered(before, line);
                list = expressions.expression();
            } else if (tokens.takeSign("**")) {
                ordered(dictionary == null, line);
                dictionary = expressions.expression();
            } else if (tokens.peek().kind() == Kind.NAME && tokens.second().isSign("=")) {
                ordered(dictionary == null, line);
                String name = tokens.next().text();
                tokens.next();
                if (named.put(name, expressions.expression()) != null) {
                    throw TemplateError.at(line, "the argument '%s' is given twice".formatted(name));
                }
            } else {
                ordered(before && named.isEmpty(), line);
                positional.add(expressions.expression());
            }
            if (!tokens.peek().isSign(")")) {
                tokens.expectSign(",");
            }
        }
        return new Expr.Args(positional, named, list, dictionary);
    }

    private static void ordered(boolean right, int line) {
        if (!right) {
            throw TemplateError.at(line, "the arguments of a call are in the wrong order");
        }
    }
}
