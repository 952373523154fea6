package dev.lizard.text.jinja;

import dev.lizard.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses a template's statements. */
final class Parser {
    private static final int DEEPEST = 100;
    private static final Set<String> CLOSING = Set.of(
            "else",
            "elif",
            "endif",
            "endfor",
            "endset",
            "endmacro",
            "endgeneration",
            "endcall",
            "endfilter",
            "endwith");

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
            case "call" -> nodes.add(call(line));
            case "with" -> nodes.add(with(line));
            case "print" -> {
                nodes.add(new Node.Output(expressions.expression()));
                while (tokens.takeSign(",")) {
                    nodes.add(new Node.Output(expressions.expression()));
                }
                close();
            }
            case "filter" -> {
                List<Expr.FilterCall> filters = expressions.operands().filterChain();
                nodes.add(new Node.Filtered(filters, closedBody("filter", "endfilter", line)));
            }
            case "break", "continue" -> {
                if (loops == 0) {
                    throw TemplateError.at(line, "'" + keyword.text() + "' outside of a loop");
                }
                close();
                nodes.add(keyword.text().equals("break") ? new Node.Break() : new Node.Continue());
            }
            // Marks the assistant's words for training; writes nothing itself.
            case "generation" ->
                nodes.add(new Node.With(
                        List.of(),
                        List.of(),
                        outsideLoops(() -> closedBody("generation", "endgeneration", line)),
                        line));
            default -> {
                if (CLOSING.contains(keyword.text())) {
                    throw TemplateError.at(line, "'" + keyword.text() + "' without its beginning");
                }
                throw TemplateError.unsupported(line, "the statement '" + keyword.text() + "'");
            }
        }
    }

    /** The body of a statement whose opening block ends here, up to its closing block and with it. */
    private List<Node> closedBody(String opener, String closer, int line) {
        close();
        List<Node> body = body(Set.of(closer), opener, line);
        end();
        return body;
    }

    private interface Bodies {
        List<Node> read();
    }

    /** A body that runs by itself, so that no loop around it can be left from there. */
    private List<Node> outsideLoops(Bodies bodies) {
        int outside = loops;
        loops = 0;
        List<Node> body = bodies.read();
        loops = outside;
        return body;
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
        List<Node.Branch> branches = new ArrayList<>();
        List<Node> otherwise = List.of();
        boolean more = true;
        while (more) {
            Expr condition = expressions.expressions();
            close();
            expressions.operands().enterBranch();
            branches.add(new Node.Branch(condition, body(Set.of("elif", "else", "endif"), "if", line)));
            String next = tokens.next().text();
            if (next.equals("else")) {
                otherwise = closedBody("if", "endif", line);
            }
            expressions.operands().leaveBranch();
            if (next.equals("endif")) {
                close();
            }
            more = next.equals("elif");
        }
        return new Node.If(branches, otherwise);
    }

    private Node loop(int line) {
        Node.Target target = targets(false);
        if (!tokens.takeName("in")) {
            throw TemplateError.at(
                    line, "expected 'in' but found " + tokens.peek().shown());
        }
        Expr items = expressions.withoutChoice();
        Expr only = tokens.takeName("if") ? expressions.expression() : null;
        boolean recursive = tokens.takeName("recursive");
        close();
        loops++;
        List<Node> body = body(Set.of("else", "endfor"), "for", line);
        loops--;
        List<Node> otherwise = List.of();
        if (tokens.peek().isName("else")) {
            tokens.next();
            otherwise = closedBody("for", "endfor", line);
        } else {
            end();
        }
        return new Node.For(target, items, only, recursive, body, otherwise, line);
    }

    /** One target, or several with commas between. */
    private Node.Target targets(boolean attributes) {
        Node.Target first = target(attributes);
        if (!tokens.peek().isSign(",")) {
            return first;
        }
        List<Node.Target> all = new ArrayList<>(List.of(first));
        while (tokens.takeSign(",")
                && !tokens.peek().isName("in")
                && !tokens.peek().isSign("=")
                && !tokens.peek().isSign(")")) {
            all.add(target(attributes));
        }
        return new Node.Target.Several(all);
    }

    private Node.Target target(boolean attributes) {
        if (tokens.takeSign("(")) {
            if (++depth > DEEPEST) {
                throw TemplateError.unsupported(tokens.line(), "nesting more than " + DEEPEST + " deep");
            }
            Node.Target inner = targets(attributes);
            tokens.expectSign(")");
            depth--;
            return inner;
        }
        String name = name("a name");
        return attributes && tokens.takeSign(".")
                ? new Node.Target.Attribute(name, name("an attribute"))
                : new Node.Target.Name(name);
    }

    private String name(String what) {
        Token name = tokens.expect(Kind.NAME, what);
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name.text())) {
            throw TemplateError.at(name.line(), "'" + name.text() + "' cannot be assigned to");
        }
        return name.text();
    }

    private Node assignment(int line) {
        Node.Target target = targets(true);
        if (tokens.takeSign("=")) {
            Expr value = expressions.expressions();
            close();
            return new Node.Set(target, value, line);
        }
        List<Expr.FilterCall> filters =
                tokens.takeSign("|") ? expressions.operands().filterChain() : List.of();
        return new Node.Capture(target, filters, closedBody("set", "endset", line), line);
    }

    private Node with(int line) {
        List<Node.Target> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (tokens.peek().kind() != Kind.BLOCK_END) {
            if (!targets.isEmpty()) {
                tokens.expectSign(",");
            }
            targets.add(target(false));
            tokens.expectSign("=");
            values.add(expressions.expression());
        }
        return new Node.With(targets, values, closedBody("with", "endwith", line), line);
    }

    private Node.Signature signature() {
        List<String> parameters = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        tokens.expectSign("(");
        while (!tokens.takeSign(")")) {
            parameters.add(name("a parameter"));
            if (tokens.takeSign("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw TemplateError.at(tokens.line(), "a parameter without a value after one with");
            }
            if (!tokens.peek().isSign(")")) {
                tokens.expectSign(",");
            }
        }
        return new Node.Signature(parameters, defaults);
    }

    private Node.Macro macro(int line) {
        String name = name("a macro's name");
        Node.Signature signature = signature();
        return macro(name, signature, "macro", "endmacro", line);
    }

    private Node.Macro macro(String name, Node.Signature signature, String opener, String closer, int line) {
        Set<String> outer = Set.copyOf(expressions.operands().names());
        expressions.operands().names().clear();
        List<Node> body = outsideLoops(() -> closedBody(opener, closer, line));
        Set<String> used = expressions.operands().names();
        Node.Uses uses = new Node.Uses(
                used.contains("caller") && !signature.parameters().contains("caller"),
                used.contains("varargs"),
                used.contains("kwargs"));
        used.addAll(outer);
        return new Node.Macro(name, signature, body, uses, line);
    }

    private Node call(int line) {
        Node.Signature signature = tokens.peek().isSign("(") ? signature() : new Node.Signature(List.of(), List.of());
        if (!(expressions.expression() instanceof Expr.Call call)) {
            throw TemplateError.at(line, "expected the call of a macro after 'call'");
        }
        return new Node.CallBlock(call, macro("caller", signature, "call", "endcall", line));
    }
}
