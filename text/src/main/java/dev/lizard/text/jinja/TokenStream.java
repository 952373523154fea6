package dev.lizard.text.jinja;

import dev.lizard.text.jinja.Token.Kind;
import java.util.List;

/** The tokens of a template with a place to read at. */
final class TokenStream {
    private final List<Token> tokens;
    private int at;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    /** The token after {@link #peek}. */
    Token second() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = tokens.get(at);
        if (token.kind() != Kind.END) {
            at++;
        }
        return token;
    }

    int line() {
        return peek().line();
    }

    boolean takeSign(String sign) {
        boolean there = peek().isSign(sign);
        if (there) {
            next();
        }
        return there;
    }

    boolean takeName(String name) {
        boolean there = peek().isName(name);
        if (there) {
            next();
        }
        return there;
    }

    void expectSign(String sign) {
        if (!takeSign(sign)) {
            throw TemplateError.at(line(), "expected '%s' but found %s".formatted(sign, peek().shown()));
        }
    }

    Token expect(Kind kind, String what) {
        if (peek().kind() != kind) {
            throw TemplateError.at(line(), "expected %s but found %s".formatted(what, peek().shown()));
        }
        return next();
    }
}
