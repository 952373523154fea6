package dev.lizard.text.jinja;

import dev.lizard.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with white space treated as chat templates expect: one line feed after a block tag goes
 * ({@code trim_blocks}), blanks before a block tag that starts a line go ({@code lstrip_blocks}), a minus inside a tag
 * takes all white space on its side, a plus keeps it, and one line feed at the very end goes.
 */
final class Lexer {
    private static final List<String> SIGNS = List.of(
            "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{",
            "}", ",", ":", ".", "|", ";");
    private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:-%}\\s*|%})");
    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(\\+%}|-%}\\s*|%}\\n?)");
    private static final Pattern NUMBER = Pattern.compile("(?i)(0x(?:_?[0-9a-f])++|0b(?:_?[01])++|0o(?:_?[0-7])++)"
            + "|(DIGITS(?:(?:\\.DIGITS)?e[+-]?DIGITS|\\.DIGITS))|([1-9]\\d*+(?:_\\d++)*+|0(?:_?0)*+)"
                    .replace("DIGITS", "\\d++(?:_\\d++)*+"));

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    /** Whether the tag before took the white space that follows, or ended its line. */
    private boolean trimNext;

    private boolean lineStarts = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        source = source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
        Lexer lexer = new Lexer(source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (at < source.length()) {
            int tag = nextTag();
            boolean output = tag < source.length() && source.charAt(tag + 1) == '{';
            data(source.substring(at, tag), tag, output);
            if (tag == source.length()) {
                break;
            }
            Matcher raw = RAW.matcher(source).region(tag, source.length());
            if (raw.lookingAt()) {
                raw(raw.end());
                continue;
            }
            advance(tag + 2);
            char kind = source.charAt(tag + 1);
            if (at < source.length() && (source.charAt(at) == '-' || source.charAt(at) == '+')) {
                advance(at + 1);
            }
            if (kind == '#') {
                comment();
            } else {
                tag(output);
            }
        }
        tokens.add(new Token(Kind.END, "", line));
    }

    /** Where the next opening of a tag is, or the end. */
    private int nextTag() {
        for (int i = at; i + 1 < source.length(); i++) {
            if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return source.length();
    }

    private void data(String raw, int tag, boolean output) {
        String text = raw;
        if (trimNext) {
            text = PythonText.strip(Text.of(text), true, false).chars();
        }
        char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
        if (tag < source.length() && sign == '-') {
            text = PythonText.strip(Text.of(text), false, true).chars();
        } else if (tag < source.length() && !output && sign != '+') {
            text = withoutLastBlanks(text);
        }
        if (!text.isEmpty()) {
            tokens.add(new Token(Kind.DATA, text, line));
        }
        advance(tag);
    }

    /** Everything up to {@code endraw} is text; no line feed goes after the opening tag. */
    private void raw(int begin) {
        int opened = line;
        Matcher end = END_RAW.matcher(source);
        if (!end.find(begin)) {
            throw TemplateError.at(opened, "'raw' is never closed");
        }
        advance(begin);
        trimNext = false;
        lineStarts = source.charAt(begin - 1) == '\n';
        String text = source.substring(begin, end.start());
        if (end.group(1).equals("-")) {
            text = PythonText.strip(Text.of(text), false, true).chars();
        } else if (!end.group(1).equals("+")) {
            text = withoutLastBlanks(text);
        }
        if (!text.isEmpty()) {
            tokens.add(new Token(Kind.DATA, text, line));
        }
        advance(end.end());
        lineStarts = source.charAt(at - 1) == '\n';
    }

    /** Without blanks that begin the line of a tag. */
    private String withoutLastBlanks(String text) {
        int start = text.lastIndexOf('\n') + 1;
        return (start > 0 || lineStarts) && text.substring(start).isBlank() ? text.substring(0, start) : text;
    }

    private void comment() {
        int close = source.indexOf("#}", at);
        if (close < 0) {
            throw TemplateError.at(line, "a comment is never closed");
        }
        char sign = close > at ? source.charAt(close - 1) : ' ';
        advance(close + 2);
        closed(sign, true);
    }

    private void tag(boolean output) {
        tokens.add(new Token(output ? Kind.OUTPUT_BEGIN : Kind.BLOCK_BEGIN, output ? "{{" : "{%", line));
        int opened = line;
        String close = output ? "}}" : "%}";
        int depth = 0;
        while (true) {
            skipBlanks();
            if (at >= source.length()) {
                throw TemplateError.at(opened, "a tag is never closed with '" + close + "'");
            }
            char sign = source.charAt(at);
            boolean signed = (sign == '-' || (sign == '+' && !output)) && source.startsWith(close, at + 1);
            // Inside a dictionary two braces may close two dictionaries.
            if (depth == 0 && (signed || source.startsWith(close, at))) {
                tokens.add(new Token(output ? Kind.OUTPUT_END : Kind.BLOCK_END, close, line));
                advance(at + (signed ? 3 : 2));
                closed(signed ? sign : ' ', !output);
                return;
            }
            depth += sign == '{' ? 1 : 0;
            depth -= sign == '}' ? 1 : 0;
            tokens.add(inside());
        }
    }

    private void closed(char sign, boolean block) {
        trimNext = sign == '-';
        lineStarts = false;
        if (block && sign != '-' && sign != '+' && at < source.length() && source.charAt(at) == '\n') {
            advance(at + 1);
            lineStarts = true;
        }
    }

    private Token inside() {
        char c = source.charAt(at);
        int start = at;
        int startLine = line;
        if (c == '"' || c == '\'') {
            return string(c);
        }
        if (c >= '0' && c <= '9') {
            return number(startLine);
        }
        if (Character.isJavaIdentifierStart(c) && c != '$') {
            while (at < source.length() && Character.isJavaIdentifierPart(source.charAt(at))) {
                at++;
            }
            return new Token(Kind.NAME, source.substring(start, at), startLine);
        }
        for (String sign : SIGNS) {
            if (source.startsWith(sign, at)) {
                at += sign.length();
                return new Token(Kind.SIGN, sign, startLine);
            }
        }
        throw TemplateError.at(line, "unexpected character '" + c + "'");
    }

    private Token number(int startLine) {
        Matcher number = NUMBER.matcher(source).region(at, source.length());
        if (!number.lookingAt()) {
            throw TemplateError.at(line, "a bad number");
        }
        at = number.end();
        String digits = number.group().replace("_", "");
        return new Token(number.group(2) == null ? Kind.INTEGER : Kind.REAL, digits, startLine);
    }

    private Token string(char quote) {
        int opened = line;
        StringBuilder text = new StringBuilder();
        for (at++; at < source.length(); at++) {
            char c = source.charAt(at);
            if (c == quote) {
                at++;
                return new Token(Kind.STRING, text.toString(), opened);
            }
            line += c == '\n' ? 1 : 0;
            if (c == '\\' && at + 1 < source.length()) {
                escape(text, source.charAt(++at));
            } else {
                text.append(c);
            }
        }
        throw TemplateError.at(opened, "a string is never closed with " + quote);
    }

    private void escape(StringBuilder text, char c) {
        switch (c) {
            case 'n' -> text.append('\n');
            case 't' -> text.append('\t');
            case 'r' -> text.append('\r');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case '\\', '\'', '"' -> text.append(c);
            case 'a' -> text.append('\u0007');
            case 'v' -> text.append('\u000b');
            case '0', '1', '2', '3', '4', '5', '6', '7' -> octal(text);
            case 'N' -> named(text);
            case '\n' -> line++; // A line feed after a backslash joins lines.
            case 'x' -> code(text, 2);
            case 'u' -> code(text, 4);
            case 'U' -> code(text, 8);
            default -> text.append('\\').append(c);
        }
    }

    private void octal(StringBuilder text) {
        int end = at + 1;
        while (end < Math.min(at + 3, source.length()) && Character.digit(source.charAt(end), 8) >= 0) {
            end++;
        }
        text.appendCodePoint(Integer.parseInt(source, at, end, 8));
        at = end - 1;
    }

    private void named(StringBuilder text) {
        int close = source.indexOf('}', at);
        try {
            text.appendCodePoint(Character.codePointOf(source.substring(at + 2, close)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException bad) {
            throw TemplateError.at(line, "a bad escape in a string");
        }
        at = close;
    }

    private void code(StringBuilder text, int digits) {
        int end = at + 1 + digits;
        try {
            text.appendCodePoint(Integer.parseInt(source, at + 1, Math.min(end, source.length()), 16));
        } catch (IllegalArgumentException | IndexOutOfBoundsException bad) {
            throw TemplateError.at(line, "a bad escape in a string");
        }
        at = end - 1;
    }

    private void skipBlanks() {
        while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
            advance(at + 1);
        }
    }

    private void advance(int to) {
        for (; at < to; at++) {
            line += source.charAt(at) == '\n' ? 1 : 0;
        }
    }
}
