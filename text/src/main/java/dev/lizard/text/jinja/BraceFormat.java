package dev.lizard.text.jinja;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Formats as Python's {@code str.format} does: {@code {name.attribute[key]!r:spec}}. */
final class BraceFormat {
    private static final Pattern SPEC = Pattern.compile(
            "(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d{1,18})?([,_])?(?:\\.(\\d{1,9}))?([bcdeEfFgGnosxX%])?",
            Pattern.DOTALL);
    private static final Pattern STEP = Pattern.compile("\\.([^.\\[]+)|\\[([^\\]]+)]");

    private final Text format;
    private final Given given;
    private final Budget budget;
    private final TextBuilder out;
    private int next;

    private BraceFormat(Text format, Given given, Budget budget) {
        this.format = format;
        this.given = given;
        this.budget = budget;
        out = new TextBuilder(budget);
    }

    static Text format(Text format, Given given, Budget budget) {
        BraceFormat brace = new BraceFormat(format, given, budget);
        brace.run();
        return brace.out.build();
    }

    private RuntimeException bad(String what) {
        return TemplateError.at(given.line(), what + " in a format");
    }

    private void run() {
        String chars = format.chars();
        for (int at = 0; at < chars.length(); ) {
            char c = chars.charAt(at);
            if ((c == '{' || c == '}') && at + 1 < chars.length() && chars.charAt(at + 1) == c) {
                out.append(format, at, at + 1);
                at += 2;
            } else if (c == '{') {
                int end = close(chars, at);
                field(chars.substring(at + 1, end));
                at = end + 1;
            } else if (c == '}') {
                throw bad("a single '}'");
            } else {
                int end = at;
                while (end < chars.length() && chars.charAt(end) != '{' && chars.charAt(end) != '}') {
                    end++;
                }
                out.append(format, at, end);
                at = end;
            }
        }
    }

    private int close(String chars, int open) {
        int depth = 0;
        for (int i = open; i < chars.length(); i++) {
            depth += chars.charAt(i) == '{' ? 1 : chars.charAt(i) == '}' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        throw bad("a '{' that is never closed");
    }

    private void field(String field) {
        budget.step();
        int colon = field.indexOf(':');
        String head = colon < 0 ? field : field.substring(0, colon);
        String spec = colon < 0 ? "" : field.substring(colon + 1);
        while (spec.contains("{")) {
            int open = spec.indexOf('{');
            int end = close(spec, open);
            String inner =
                    Repr.text(value(spec.substring(open + 1, end)), budget).chars();
            spec = spec.substring(0, open) + inner + spec.substring(end + 1);
            budget.make(0, spec.length());
            if (inner.contains("{")) {
                throw bad("a nested field that holds a brace");
            }
        }
        int mark = head.indexOf('!');
        String conversion = mark < 0 ? "" : head.substring(mark + 1);
        Value value = value(mark < 0 ? head : head.substring(0, mark));
        out.append(
                switch (conversion) {
                    case "" -> formatted(value, spec);
                    case "s" -> formatted(Value.of(Repr.text(value, budget)), spec);
                    case "r" -> formatted(Value.of(Repr.repr(value, budget)), spec);
                    default -> throw TemplateError.unsupported(given.line(), "the conversion '!" + conversion + "'");
                });
    }

    private Value value(String path) {
        Matcher first = Pattern.compile("[^.\\[]*").matcher(path);
        String name = first.lookingAt() ? first.group() : "";
        Value value;
        if (name.isEmpty() || name.matches("\\d{1,9}")) {
            int index = name.isEmpty() ? next++ : Integer.parseInt(name);
            if (index >= given.positional().size()) {
                throw bad("no argument number " + index);
            }
            value = given.positional().get(index);
        } else {
            value = given.named().get(name);
            if (value == null) {
                throw bad("no argument '" + name + "'");
            }
        }
        Matcher steps = STEP.matcher(path);
        int at = name.length();
        while (at < path.length()) {
            budget.step();
            if (!steps.find(at) || steps.start() != at) {
                throw bad("a bad field '" + path + "'");
            }
            String key = steps.group(2);
            value = key == null
                    ? Attributes.attribute(value, steps.group(1), given.line(), budget)
                    : Attributes.index(
                            value,
                            key.matches("\\d{1,9}") ? Value.of(Long.parseLong(key)) : Value.of(key),
                            given.line(),
                            budget);
            at = steps.end();
        }
        return value;
    }

    private Text formatted(Value value, String spec) {
        if (spec.isEmpty()) {
            return Repr.text(value, budget);
        }
        Matcher parts = SPEC.matcher(spec);
        if (!parts.matches()) {
            throw bad("a bad specification '" + spec + "'");
        }
        NumberFormat style = new NumberFormat();
        style.fill = parts.group(1) == null ? style.fill : Text.of(parts.group(1));
        style.align = parts.group(2) == null ? 0 : parts.group(2).charAt(0);
        style.sign = parts.group(3) == null ? '-' : parts.group(3).charAt(0);
        style.alternate = parts.group(4) != null;
        style.zeros = parts.group(5) != null;
        style.width = parts.group(6) == null ? 0 : Long.parseLong(parts.group(6));
        style.grouping = parts.group(7) == null ? 0 : parts.group(7).charAt(0);
        style.precision = parts.group(8) == null ? -1 : Integer.parseInt(parts.group(8));
        char type = parts.group(9) == null ? 0 : parts.group(9).charAt(0);
        return switch (value) {
            case Value.Str(Text text, boolean _)
            when type == 0 || type == 's' -> {
                boolean forNumbers = style.align == '=' || style.sign != '-' || style.alternate || style.grouping != 0;
                if (forNumbers) {
                    throw bad("a number's specification '" + spec + "' for a string");
                }
                if (style.zeros && style.align == 0) {
                    style.fill = Text.of("0");
                }
                yield style.text(style.cut(text), '<', budget);
            }
            case Value.Bool(boolean flag) when type == 0 -> style.text(Text.of(flag ? "True" : "False"), '<', budget);
            case Value.Bool _, Value.Int _ -> whole(value, style, type, spec);
            case Value.Real _
            when type == 0 && style.precision >= 0 ->
                throw TemplateError.unsupported(given.line(), "the specification '%s' without a type".formatted(spec));
            case Value.Real _ when "eEfFgGn%\0".indexOf(type) >= 0 -> real(value, style, type);
            default -> throw bad("a specification '%s' that does not suit %s".formatted(spec, Values.type(value)));
        };
    }

    private Text whole(Value value, NumberFormat style, char type, String spec) {
        if ("eEfFgG%".indexOf(type) >= 0) {
            return real(value, style, type);
        }
        if (style.precision >= 0 || type == 's') {
            throw bad("a specification '%s' that does not suit an integer".formatted(spec));
        }
        return type == 'c'
                ? style.text(
                        Text.of(NumberFormat.character(Numbers.whole(value).longValue(), given.line())), '<', budget)
                : style.number(value, type == 0 || type == 'n' ? 'd' : type, given.line(), budget);
    }

    private Text real(Value value, NumberFormat style, char type) {
        if (type != '%') {
            return style.number(value, type == 0 ? 'r' : type == 'n' ? 'g' : type, given.line(), budget);
        }
        double hundredth = Numbers.real(value) * 100;
        String digits = Numbers.formatted(
                hundredth, 'f', style.precision < 0 ? 6 : Math.min(style.precision, 10_000), style.alternate);
        String sign = hundredth < 0 ? "-" : style.sign == '-' ? "" : String.valueOf(style.sign);
        return style.assembled(sign, digits + "%", budget);
    }

    /** {@code str.format_map}. */
    static Given named(Value.Dict dict, int line) {
        Map<String, Value> named = new java.util.LinkedHashMap<>();
        dict.pairs().forEach((key, pair) -> named.put(String.valueOf(key), pair.value()));
        return new Given(java.util.List.of(), named, line);
    }
}
