package dev.lizard.text.jinja;

import dev.lizard.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses a template's statements. */
final class Parser {
    private static final int DEEPEST = 100;

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int depth;
    private int loops;

    private Parser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static List<Node> parse(String source) {
        Parser parser = new Parser(new TokenStream(Lexer.tokens(source)));
        return parser.body(Set.of(), "", 1);
    }

    /** Nodes up to a block that begins with one of {@code ends}, which is left to be read after its opening sign. */
    private List<Node> body(Set<String> ends, String opener, int opened) {
        if (++depth > DEEPEST) {
            throw TemplateError.unsupported(opened, "nesting more than " + DEEPEST + " deep");
        }
        List<Node> nodes = new ArrayList<>();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> nodes.add(new Node.Text(token.text()));
                case OUTPUT_BEGIN -> {
                    nodes.add(new Node.Output(expressions.expressions()));
                    tokens.expect(Kind.OUTPUT_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    if (tokens.peek().kind() == Kind.NAME
                            && ends.contains(tokens.peek().text())) {
                        depth--;
                        return nodes;
                    }
                    statement(nodes);
                }
                case END -> {
                    if (!ends.isEmpty()) {
                        throw TemplateError.at(opened, "'" + opener + "' is never closed");
                    }
                    depth--;
                    return nodes;
                }
                case OUTPUT_END, BLOCK_END, NAME, STRING, INTEGER, REAL, SIGN ->
                    throw TemplateError.at(token.line(), "unexpected " + token.shown());
            }
        }
    }

    private void statement(List<Node> nodes) {
        Token keyword = tokens.expect(Kind.NAME, "a statement");
        int line = keyword.line();
        switch (keyword.text()) {
            case "if" -> nodes.add(condition(line));
            case "for" -> nodes.add(loop(line));
            case "set" -> nodes.add(assignment(line));
            case "macro" -> nodes.add(macro(line));
            case "break", "continue" -> {
                if (loops == 0) {
                    throw TemplateError.at(line, "'" + keyword.text() + "' outside of a loop");
                }
                close();
                nodes.add(keyword.text().equals("break") ? new Node.Break() : new Node.Continue());
            }
            case "generation" -> {
                // Marks the assistant's words for training; writes nothing itself.
                close();
                nodes.addAll(body(Set.of("endgeneration"), "generation", line));
                end();
            }
            case "else", "elif", "endif", "endfor", "endset", "endmacro", "endgeneration" ->
                throw TemplateError.at(line, "'" + keyword.text() + "' without its beginning");
            default -> throw TemplateError.unsupported(line, "the statement '" + keyword.text() + "'");
        }
    }

    /** Reads the name of a closing block and its end. */
    private void end() {
        tokens.next();
        close();
    }

    private void close() {
        tokens.expect(Kind.BLOCK_END, "'%}'");
    }

    private Node condition(int line) {
        Expr condition = expressions.expression();
        close();
        List<Node> then = body(Set.of("elif", "else", "endif"), "if", line);
        Token next = tokens.next();
        return switch (next.text()) {
            case "elif" -> new Node.If(condition, then, List.of(condition(next.line())));
            case "else" -> {
                close();
                List<Node> otherwise = body(Set.of("endif"), "if", line);
                end();
                yield new Node.If(condition, then, otherwise);
            }
            default -> {
                close();
                yield new Node.If(condition, then, List.of());
            }
        };
    }

    private Node loop(int line) {
        List<String> targets = targets();
        if (!tokens.takeName("in")) {
            throw TemplateError.at(
                    line, "expected 'in' but found " + tokens.peek().shown());
        }
        Expr items = expressions.withoutChoice();
        Expr only = tokens.takeName("if") ? expressions.expression() : null;
        if (tokens.peek().isName("recursive")) {
            throw TemplateError.unsupported(line, "a recursive loop");
        }
        close();
        loops++;
        List<Node> body = body(Set.of("else", "endfor"), "for", line);
        loops--;
        List<Node> otherwise = List.of();
        if (tokens.peek().isName("else")) {
            end();
            otherwise = body(Set.of("endfor"), "for", line);
        }
        end();
        return new Node.For(targets, items, only, body, otherwise, line);
    }

    private List<String> targets() {
        boolean parenthesis = tokens.takeSign("(");
        List<String> targets = new ArrayList<>();
        do {
            targets.add(tokens.expect(Kind.NAME, "a name").text());
        } while (tokens.takeSign(","));
        if (parenthesis) {
            tokens.expectSign(")");
        }
        return targets;
    }

    private Node assignment(int line) {
        List<String> targets = targets();
        @Nullable String attribute = null;
        if (tokens.takeSign(".")) {
            attribute = tokens.expect(Kind.NAME, "an attribute").text();
        }
        if (tokens.takeSign("=")) {
            Expr value = expressions.expressions();
            close();
            return new Node.Set(targets, attribute, value, line);
        }
        if (targets.size() > 1 || attribute != null || tokens.peek().isSign("|")) {
            throw TemplateError.unsupported(line, "this form of 'set'");
        }
        close();
        List<Node> body = body(Set.of("endset"), "set", line);
        end();
        return new Node.Capture(targets.getFirst(), body);
    }

    private Node macro(int line) {
        String name = tokens.expect(Kind.NAME, "a macro's name").text();
        tokens.expectSign("(");
        List<String> parameters = new ArrayList<>();
        Map<String, Expr> defaults = new LinkedHashMap<>();
        while (!tokens.takeSign(")")) {
            String parameter = tokens.expect(Kind.NAME, "a parameter").text();
            parameters.add(parameter);
            if (tokens.takeSign("=")) {
                defaults.put(parameter, expressions.expression());
            }
            if (!tokens.peek().isSign(")")) {
                tokens.expectSign(",");
            }
        }
        close();
        int outside = loops;
        loops = 0;
        List<Node> body = body(Set.of("endmacro"), "macro", line);
        loops = outside;
        end();
        return new Node.Macro(name, parameters, defaults, body, line);
    }
}
