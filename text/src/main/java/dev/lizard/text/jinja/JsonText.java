package dev.lizard.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes values as {@code json.dumps} does. */
final class JsonText {
    /**
     * How.
     *
     * @param indent what a level is moved in by; null writes one line
     */
    record Style(boolean ascii, @Nullable Text indent, Text between, Text colon, boolean sorted) {}

    private final Style style;
    private final int line;
    private final Budget budget;
    private final TextBuilder out;

    private JsonText(Style style, int line, Budget budget) {
        this.style = style;
        this.line = line;
        this.budget = budget;
        out = new TextBuilder(budget);
    }

    static Text of(Value value, Style style, int line, Budget budget) {
        JsonText json = new JsonText(style, line, budget);
        json.write(value, 0);
        return json.out.build();
    }

    private void write(Value value, int depth) {
        budget.step();
        switch (value) {
            case Value.Str(Text text, boolean _) -> quote(text);
            case Value.Seq(List<Value> items, Value.Seq.Kind kind)
            when kind == Value.Seq.Kind.LIST || kind.isTuple() -> {
                open("[", items.isEmpty());
                for (int i = 0; i < items.size(); i++) {
                    next(i, depth + 1);
                    write(items.get(i), depth + 1);
                }
                close("]", items.isEmpty(), depth);
            }
            case Value.Dict(Map<Object, Value.Pair> pairs) -> {
                open("{", pairs.isEmpty());
                int i = 0;
                for (Value.Pair pair : ordered(pairs)) {
                    next(i++, depth + 1);
                    quote(pair.key() instanceof Value.Str(Text key, boolean _) ? key : Text.of(scalar(pair.key())));
                    out.append(style.colon());
                    write(pair.value(), depth + 1);
                }
                close("}", pairs.isEmpty(), depth);
            }
            default -> out.append(scalar(value));
        }
    }

    private String scalar(Value value) {
        return switch (value) {
            case Value.None _ -> "null";
            case Value.Bool(boolean flag) -> Boolean.toString(flag);
            case Value.Int(BigInteger number) -> number.toString();
            case Value.Real(double number) ->
                Double.isFinite(number)
                        ? Numbers.text(number)
                        : Double.isNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
            default -> throw TemplateError.at(line, "tojson cannot write " + Values.type(value));
        };
    }

    private List<Value.Pair> ordered(Map<Object, Value.Pair> pairs) {
        List<Value.Pair> ordered = new ArrayList<>(pairs.values());
        if (style.sorted()) {
            ordered.sort(Comparator.comparing(Value.Pair::key, (a, b) -> Values.compare(a, b, line, budget)));
        }
        return ordered;
    }

    private void open(String bracket, boolean empty) {
        budget.enter();
        out.append(bracket);
        if (empty) {
            budget.step();
        }
    }

    private void next(int index, int depth) {
        out.append(index == 0 ? Text.EMPTY : style.between());
        line(depth);
    }

    private void line(int depth) {
        Text indent = style.indent();
        if (indent != null) {
            out.append("\n").repeat(indent, depth);
        }
    }

    private void close(String bracket, boolean empty, int depth) {
        if (!empty) {
            line(depth);
        }
        out.append(bracket);
        budget.leave();
    }

    private void quote(Text text) {
        String chars = text.chars();
        out.append("\"");
        int from = 0;
        for (int i = 0; i < chars.length(); i++) {
            String escape = escape(chars.charAt(i));
            if (escape != null) {
                out.append(text, from, i).append(escape, text.source(i));
                from = i + 1;
            }
        }
        out.append(text, from, chars.length()).append("\"");
    }

    private @Nullable String escape(char c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            default -> c < ' ' || (style.ascii() && c > '~') ? "\\u%04x".formatted((int) c) : null;
        };
    }
}
