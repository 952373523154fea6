package dev.lizard.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Formats as Python's {@code %} does: {@code %[(name)][flags][width][.precision]type}. */
final class PercentFormat {
    private final Text format;
    private final Value given;
    private final int line;
    private final Budget budget;
    private final TextBuilder out;
    private final List<Value> arguments;
    private int at;
    private int used;

    private PercentFormat(Text format, Value given, int line, Budget budget) {
        this.format = format;
        this.given = given;
        this.line = line;
        this.budget = budget;
        out = new TextBuilder(budget);
        arguments = given instanceof Value.Seq(List<Value> items, Value.Seq.Kind kind) && kind.isTuple()
                ? items
                : List.of(given);
    }

    static Text format(Text format, Value given, int line, Budget budget) {
        return new PercentFormat(format, given, line, budget).run();
    }

    private Text run() {
        String chars = format.chars();
        boolean named = false;
        // Python takes what has items by number for a dictionary, whose values need not all be used.
        boolean listed = given instanceof Value.Seq(List<Value> _, Value.Seq.Kind kind) && !kind.isTuple();
        while (at < chars.length()) {
            int percent = chars.indexOf('%', at);
            int end = percent < 0 ? chars.length() : percent;
            out.append(format, at, end);
            at = end + 1;
            if (percent >= 0) {
                budget.step();
                named |= chars.startsWith("(", at);
                conversion();
            }
        }
        if (!named && used < arguments.size() && !(given instanceof Value.Dict) && !listed) {
            throw TemplateError.at(line, "not all arguments of the format are used");
        }
        return out.build();
    }

    private void conversion() {
        Value value = null;
        if (peek() == '(') {
            int close = format.chars().indexOf(')', at);
            if (close < 0 || !(given instanceof Value.Dict dict)) {
                throw TemplateError.at(line, "the format needs a dictionary for a name in parentheses");
            }
            String name = format.chars().substring(at + 1, close);
            value = dict.get(name);
            if (value == null) {
                throw TemplateError.at(line, "the format has no value '" + name + "'");
            }
            at = close + 1;
        }
        NumberFormat style = new NumberFormat();
        for (; "-+ #0".indexOf(peek()) >= 0; at++) {
            switch (peek()) {
                case '-' -> style.align = '<';
                case '+' -> style.sign = '+';
                case ' ' -> style.sign = style.sign == '+' ? '+' : ' ';
                case '#' -> style.alternate = true;
                default -> style.zeros = true;
            }
        }
        long width = number();
        style.width = Math.abs(width);
        style.align = width < 0 ? '<' : style.align;
        if (peek() == '.') {
            at++;
            style.precision = (int) Math.min(Math.max(number(), 0), Integer.MAX_VALUE);
        }
        while ("hlL".indexOf(peek()) >= 0) {
            at++;
        }
        convert(peek(), style, value);
        at++;
    }

    private void convert(char type, NumberFormat style, @Nullable Value named) {
        if (type == '%') {
            out.append("%");
            return;
        }
        if (type == '\0' || "sradiuoxXeEfFgGc".indexOf(type) < 0) {
            throw TemplateError.at(line, type == '\0' ? "the format ends too early" : "a bad format '%" + type + "'");
        }
        Value value = named == null ? next() : named;
        if ("sra".indexOf(type) >= 0) {
            Text text = type == 's' ? Repr.text(value, budget) : Repr.repr(value, budget);
            if (type == 'a') {
                throw TemplateError.unsupported(line, "the format '%a'");
            }
            out.append(style.text(style.cut(text), '>', budget));
        } else if (type == 'c') {
            Text text = value instanceof Value.Str(Text one, boolean _) && one.count() == 1
                    ? one
                    : Text.of(NumberFormat.character(Values.whole(value, "%c", line), line));
            out.append(style.text(text, '>', budget));
        } else {
            if (!Values.isNumber(value)) {
                throw TemplateError.at(
                        line, "the format '%%%s' needs a number, not %s".formatted(type, Values.type(value)));
            }
            out.append(style.number(value, type == 'i' || type == 'u' ? 'd' : type, line, budget));
        }
    }

    private char peek() {
        return at < format.length() ? format.chars().charAt(at) : '\0';
    }

    private Value next() {
        if (used >= arguments.size()) {
            throw TemplateError.at(line, "not enough arguments for the format");
        }
        return arguments.get(used++);
    }

    private long number() {
        if (peek() == '*') {
            at++;
            return Values.whole(next(), "a format's width", line);
        }
        long number = 0;
        for (; Character.digit(peek(), 10) >= 0; at++) {
            number = Math.min(10 * number + Character.digit(peek(), 10), Integer.MAX_VALUE);
        }
        return number;
    }
}
