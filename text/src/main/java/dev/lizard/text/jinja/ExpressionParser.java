package dev.lizard.text.jinja;

import dev.lizard.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses expressions, the loosest operators first: choice, or, and, not, comparison, sum, ~, product, power. */
final class ExpressionParser {
    static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private static final int DEEPEST = 200;

    private final TokenStream tokens;
    private final OperandParser operands;
    private int depth;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
        operands = new OperandParser(tokens, this);
    }

    /** Reads what the operators stand between, filters and tests included. */
    OperandParser operands() {
        return operands;
    }

    void enter() {
        if (++depth > DEEPEST) {
            throw TemplateError.unsupported(tokens.line(), "an expression nested more than " + DEEPEST + " deep");
        }
    }

    void leave() {
        depth--;
    }

    /** One expression. */
    Expr expression() {
        enter();
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

    /** One expression, or several with commas between, which make a tuple. */
    Expr expressions() {
        return tuple(true);
    }

    /** What a loop goes over: a choice is not part of it, since {@code if} there begins the loop's filter. */
    Expr withoutChoice() {
        return tuple(false);
    }

    private Expr tuple(boolean choices) {
        Expr first = choices ? expression() : or();
        if (!tokens.peek().isSign(",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (tokens.takeSign(",")
                && tokens.peek().kind() != Kind.BLOCK_END
                && tokens.peek().kind() != Kind.OUTPUT_END
                && !tokens.peek().isName("recursive")
                && !tokens.peek().isSign(")")) {
            items.add(choices ? expression() : or());
        }
        return new Expr.TupleOf(items, first.line());
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
        Expr first = sum();
        int line = tokens.line();
        List<Expr.Comparison> rest = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            boolean notIn = token.isName("not") && tokens.second().isName("in");
            boolean in = token.isName("in");
            if (!notIn && !in && !(token.kind() == Kind.SIGN && COMPARISONS.contains(token.text()))) {
                return rest.isEmpty() ? first : new Expr.Compare(first, rest, line);
            }
            tokens.next();
            if (notIn) {
                tokens.next();
            }
            rest.add(new Expr.Comparison(notIn ? "not in" : token.text(), sum()));
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
        Expr left = power();
        while (tokens.peek().isSign("*")
                || tokens.peek().isSign("/")
                || tokens.peek().isSign("//")
                || tokens.peek().isSign("%")) {
            Token sign = tokens.next();
            left = new Expr.Arithmetic(sign.text(), left, power(), sign.line());
        }
        return left;
    }

    private Expr power() {
        Expr left = operands.signed(true);
        while (tokens.peek().isSign("**")) {
            // From the left, as Jinja has it.
            Token sign = tokens.next();
            left = new Expr.Arithmetic("**", left, operands.signed(true), sign.line());
        }
        return left;
    }
}
