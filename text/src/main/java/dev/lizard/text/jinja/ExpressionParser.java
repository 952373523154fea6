package dev.lizard.text.jinja;

import dev.lizard.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses expressions, the loosest operators first: choice, or, and, not, comparison, sum, ~, product, sign, rest. */
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> WORDS = Set.of("if", "else", "and", "or", "not", "is", "in", "recursive");
    private static final int DEEPEST = 200;

    private final TokenStream tokens;
    private int depth;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    /** One expression. */
    Expr expression() {
        if (++depth > DEEPEST) {
            throw TemplateError.unsupported(tokens.line(), "an expression nested more than " + DEEPEST + " deep");
        }
        Expr value = or();
        while (tokens.peek().isName("if")) {
            int line = tokens.next().line();
            Expr condition = or();
            Expr otherwise = tokens.takeName("else") ? expression() : null;
            value = new Expr.Choice(condition, value, otherwise, line);
        }
        depth--;
        return value;
    }

    /** One expression, or several with commas between, which make a list. */
    Expr expressions() {
        Expr first = expression();
        if (!tokens.peek().isSign(",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (tokens.takeSign(",")
                && tokens.peek().kind() != Kind.BLOCK_END
                && !tokens.peek().isSign(")")) {
            items.add(expression());
        }
        return new Expr.ListOf(items, first.line());
    }

    /** What a loop goes over: a choice is not part of it, since {@code if} there begins the loop's filter. */
    Expr withoutChoice() {
        return or();
    }

    private Expr or() {
        Expr left = and();
        while (tokens.peek().isName("or")) {
            int line = tokens.next().line();
            left = new Expr.Or(left, and(), line);
        }
        return left;
    }

    private Expr and() {
        Expr left = not();
        while (tokens.peek().isName("and")) {
            int line = tokens.next().line();
            left = new Expr.And(left, not(), line);
        }
        return left;
    }

    private Expr not() {
        int nots = 0;
        int line = tokens.line();
        while (tokens.takeName("not")) {
            nots++;
        }
        Expr value = comparison();
        return switch (nots) {
            case 0 -> value;
            default -> {
                Expr negated = new Expr.Not(value, line);
                yield nots % 2 == 1 ? negated : new Expr.Not(negated, line);
            }
        };
    }

    private Expr comparison() {
        Expr left = sum();
        Expr all = null;
        while (true) {
            Token token = tokens.peek();
            boolean notIn = token.isName("not") && tokens.second().isName("in");
            boolean in = token.isName("in");
            if (!notIn && !in && !(token.kind() == Kind.SIGN && COMPARISONS.contains(token.text()))) {
                return all == null ? left : all;
            }
            tokens.next();
            if (notIn) {
                tokens.next();
            }
            Expr right = sum();
            Expr one = new Expr.Compare(in || notIn ? "in" : token.text(), left, right, token.line());
            one = notIn ? new Expr.Not(one, token.line()) : one;
            // a < b < c means a < b and b < c.
            all = all == null ? one : new Expr.And(all, one, token.line());
            left = right;
        }
    }

    private Expr sum() {
        Expr left = joined();
        while (tokens.peek().isSign("+") || tokens.peek().isSign("-")) {
            Token sign = tokens.next();
            left = new Expr.Arithmetic(sign.text(), left, joined(), sign.line());
        }
        return left;
    }

    private Expr joined() {
        Expr left = product();
        while (tokens.peek().isSign("~")) {
            Token sign = tokens.next();
            left = new Expr.Arithmetic("~", left, product(), sign.line());
        }
        return left;
    }

    private Expr product() {
        Expr left = signed(true);
        while (tokens.peek().isSign("*")
                || tokens.peek().isSign("/")
                || tokens.peek().isSign("//")
                || tokens.peek().isSign("%")) {
            Token sign = tokens.next();
            left = new Expr.Arithmetic(sign.text(), left, signed(true), sign.line());
        }
        if (tokens.peek().isSign("**")) {
            throw TemplateError.unsupported(tokens.line(), "the operator '**'");
        }
        return left;
    }

    private Expr signed(boolean filters) {
        int line = tokens.line();
        Expr value;
        if (tokens.takeSign("-")) {
            value = new Expr.Negate(signed(false), line);
        } else if (tokens.takeSign("+")) {
            value = signed(false);
        } else {
            value = postfix(primary());
        }
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
            return new Value.Int(Long.parseLong(token.text()));
        } catch (NumberFormatException tooLong) {
            throw TemplateError.at(token.line(), "number " + token.text() + " is too large");
        }
    }

    private static Expr name(Token token) {
        int line = token.line();
        return switch (token.text()) {
            case "true", "True" -> new Expr.Literal(Value.TRUE, line);
            case "false", "False" -> new Expr.Literal(Value.FALSE, line);
            case "none", "None" -> new Expr.Literal(Value.NONE, line);
            default -> {
                if (WORDS.contains(token.text())) {
                    throw unexpected(token);
                }
                yield new Expr.Name(token.text(), line);
            }
        };
    }

    private Expr parenthesis(int line) {
        if (tokens.takeSign(")")) {
            return new Expr.ListOf(List.of(), line);
        }
        Expr value = expressions();
        tokens.expectSign(")");
        return value;
    }

    private List<Expr> items(String close) {
        List<Expr> items = new ArrayList<>();
        while (!tokens.takeSign(close)) {
            items.add(expression());
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
            keys.add(expression());
            tokens.expectSign(":");
            values.add(expression());
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
        Expr from = tokens.peek().isSign(":") ? null : expression();
        if (from != null && tokens.takeSign("]")) {
            return new Expr.Index(of, from, line);
        }
        tokens.expectSign(":");
        Expr to = bound();
        Expr step = tokens.takeSign(":") ? bound() : null;
        tokens.expectSign("]");
        return new Expr.Slice(of, from, to, step, line);
    }

    private @Nullable Expr bound() {
        return tokens.peek().isSign(":") || tokens.peek().isSign("]") ? null : expression();
    }

    private Expr filters(Expr of) {
        Expr value = of;
        while (true) {
            int line = tokens.line();
            if (tokens.takeSign("|")) {
                String name = tokens.expect(Kind.NAME, "a filter's name").text();
                Expr.Arguments arguments = tokens.takeSign("(") ? arguments() : Expr.Arguments.NONE;
                value = postfix(new Expr.Filter(value, Filters.known(name, line), arguments, line));
            } else if (tokens.takeName("is")) {
                value = test(value, line);
            } else {
                return value;
            }
        }
    }

    private Expr test(Expr of, int line) {
        boolean negated = tokens.takeName("not");
        Token token = tokens.next();
        boolean sign = token.kind() == Kind.SIGN && COMPARISONS.contains(token.text());
        if (token.kind() != Kind.NAME && !sign) {
            throw TemplateError.at(line, "expected a test's name after 'is' but found " + token.shown());
        }
        String name = Tests.known(token.text(), line);
        Expr.Arguments arguments = Expr.Arguments.NONE;
        Token next = tokens.peek();
        if (tokens.takeSign("(")) {
            arguments = arguments();
        } else if (Tests.takesOne(name)
                && (next.kind() == Kind.STRING
                        || next.kind() == Kind.INTEGER
                        || next.kind() == Kind.REAL
                        || next.isSign("[")
                        || next.isSign("{")
                        || (next.kind() == Kind.NAME && !WORDS.contains(next.text())))) {
            arguments = new Expr.Arguments(List.of(postfix(primary())), Map.of());
        }
        Expr test = new Expr.Test(of, name, arguments, line);
        return negated ? new Expr.Not(test, line) : test;
    }

    /** What stands between parentheses, the opening one already read. */
    Expr.Arguments arguments() {
        List<Expr> positional = new ArrayList<>();
        Map<String, Expr> named = new LinkedHashMap<>();
        while (!tokens.takeSign(")")) {
            if (tokens.peek().isSign("*") || tokens.peek().isSign("**")) {
                throw TemplateError.unsupported(tokens.line(), "unpacking arguments with '*'");
            }
            if (tokens.peek().kind() == Kind.NAME && tokens.second().isSign("=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            if (!tokens.peek().isSign(")")) {
                tokens.expectSign(",");
            }
        }
        return new Expr.Arguments(positional, named);
    }
}
