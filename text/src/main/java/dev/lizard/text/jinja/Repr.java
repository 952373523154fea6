package dev.lizard.text.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** Writes values as {@code str} and {@code repr} do. */
final class Repr {
    private final Budget budget;
    private final TextBuilder out;

    private Repr(Budget budget) {
        this.budget = budget;
        out = new TextBuilder(budget);
    }

    /** As {@code str} writes it, which is what output shows. */
    static Text text(Value value, Budget budget) {
        return switch (value) {
            case Value.Str(Text text, boolean _) -> text;
            case Value.Undefined _ -> Text.EMPTY;
            default -> repr(value, budget);
        };
    }

    static Text repr(Value value, Budget budget) {
        Repr repr = new Repr(budget);
        repr.write(value);
        return repr.out.build();
    }

    private void write(Value value) {
        budget.step();
        budget.enter();
        switch (value) {
            case Value.Undefined _ -> out.append("Undefined");
            case Value.None _ -> out.append("None");
            case Value.Bool(boolean flag) -> out.append(flag ? "True" : "False");
            case Value.Int(BigInteger number) -> out.append(number.toString());
            case Value.Real(double number) -> out.append(Numbers.text(number));
            case Value.Str(Text text, boolean safe) -> {
                out.append(safe ? "Markup(" : "");
                quote(text);
                out.append(safe ? ")" : "");
            }
            case Value.Seq(List<Value> items, Value.Seq.Kind kind) -> write(items, kind);
            case Value.Dict(Map<Object, Value.Pair> pairs) -> {
                String between = "{";
                for (Value.Pair pair : pairs.values()) {
                    out.append(between);
                    write(pair.key());
                    out.append(": ");
                    write(pair.value());
                    between = ", ";
                }
                out.append(pairs.isEmpty() ? "{}" : "}");
            }
            case Value.Namespace(Map<String, Value> entries) -> {
                out.append("<Namespace ");
                write(Value.dict(entries));
                out.append(">");
            }
            case Value.Lazy _, Value.Thing _ ->
                throw TemplateError.at(budget.line(), "cannot print " + Values.type(value));
        }
        budget.leave();
    }

    private void write(List<Value> items, Value.Seq.Kind kind) {
        if (items instanceof RangeItems range) {
            out.append(range.text());
            return;
        }
        out.append(
                switch (kind) {
                    case LIST, RANGE -> "[";
                    case TUPLE, GROUP -> "(";
                    case KEYS -> "dict_keys([";
                    case VALUES -> "dict_values([";
                    case ITEMS -> "dict_items([";
                });
        String between = "";
        for (Value item : items) {
            out.append(between);
            write(item);
            between = ", ";
        }
        out.append(
                switch (kind) {
                    case LIST, RANGE -> "]";
                    case TUPLE, GROUP -> items.size() == 1 ? ",)" : ")";
                    case KEYS, VALUES, ITEMS -> "])";
                });
    }

    private void quote(Text text) {
        String chars = text.chars();
        char quote = chars.contains("'") && !chars.contains("\"") ? '"' : '\'';
        out.append(String.valueOf(quote));
        int from = 0;
        for (int i = 0; i < chars.length(); ) {
            int c = chars.codePointAt(i);
            String escape = escape(c, quote);
            int end = i + Character.charCount(c);
            if (escape != null) {
                out.append(text, from, i).append(escape, text.source(i));
                from = end;
            }
            i = end;
        }
        out.append(text, from, chars.length()).append(String.valueOf(quote));
    }

    private static @org.jspecify.annotations.Nullable String escape(int c, char quote) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\\' -> "\\\\";
            default -> {
                if (c == quote) {
                    yield "\\" + quote;
                }
                if (isPrintable(c)) {
                    yield null;
                }
                yield c < 0x100
                        ? "\\x%02x".formatted(c)
                        : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c);
            }
        };
    }

    /** As {@code str.isprintable} has it. */
    static boolean isPrintable(int c) {
        return c == ' '
                || switch (Character.getType(c)) {
                    case Character.CONTROL,
                            Character.FORMAT,
                            Character.SURROGATE,
                            Character.PRIVATE_USE,
                            Character.UNASSIGNED,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR,
                            Character.SPACE_SEPARATOR -> false;
                    default -> true;
                };
    }
}
