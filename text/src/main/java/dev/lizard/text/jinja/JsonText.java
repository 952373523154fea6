package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes values as JSON the way {@code json.dumps} does with non-ASCII characters kept. */
final class JsonText {
    private final int indent;
    private final int line;

    private JsonText(int indent, int line) {
        this.indent = indent;
        this.line = line;
    }

    /** On one line where {@code indent} is negative. */
    static String of(Value value, int indent, int line) {
        return new JsonText(indent, line).write(value, 0);
    }

    private String write(Value value, int depth) {
        return switch (value) {
            case Value.None _ -> "null";
            case Value.Bool(boolean flag) -> Boolean.toString(flag);
            case Value.Int(long number) -> Long.toString(number);
            case Value.Real(double number) -> Double.toString(number);
            case Value.Str(String text) -> quoted(text);
            case Value.Seq(List<Value> items) -> {
                List<String> parts = new ArrayList<>();
                items.forEach(item -> parts.add(write(item, depth + 1)));
                yield block("[", parts, "]", depth);
            }
            case Value.Dict(Map<String, Value> entries) -> {
                List<String> parts = new ArrayList<>();
                entries.forEach((key, of) -> parts.add(quoted(key) + ": " + write(of, depth + 1)));
                yield block("{", parts, "}", depth);
            }
            case Value.Undefined _ -> throw noJson(value);
            case Value.Namespace _ -> throw noJson(value);
            case Value.Function _ -> throw noJson(value);
        };
    }

    private RuntimeException noJson(Value value) {
        return TemplateError.at(line, "tojson cannot write " + Values.type(value));
    }

    private String block(String open, List<String> parts, String close, int depth) {
        if (indent < 0 || parts.isEmpty()) {
            return open + String.join(", ", parts) + close;
        }
        String inner = "\n" + " ".repeat(indent * (depth + 1));
        return open + inner + String.join("," + inner, parts) + "\n" + " ".repeat(indent * depth) + close;
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '\b' -> quoted.append("\\b");
                case '\f' -> quoted.append("\\f");
                default -> {
                    if (c < ' ') {
                        quoted.append("\\u%04x".formatted((int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }
}
