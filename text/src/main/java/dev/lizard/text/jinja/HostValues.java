package dev.lizard.text.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes values of the host's objects, and counts them. */
final class HostValues {
    private static final int DEEPEST = 500;

    private long values;
    private long characters;

    /** Strings, numbers, booleans, lists and maps; null is {@code none}. */
    Value of(@Nullable Object host) {
        return of(host, 0, 0);
    }

    private Value of(@Nullable Object host, int source, int depth) {
        if (depth > DEEPEST) {
            throw TemplateError.beyond("the conversation nests more than " + DEEPEST + " deep");
        }
        values++;
        return switch (host) {
            case null -> Value.NONE;
            case Value value -> value;
            case Quoted(Object value, int from) -> of(value, from, depth);
            case String text -> text(text, source);
            case Boolean flag -> Value.of(flag);
            case Double real -> new Value.Real(real);
            case Float real -> new Value.Real(real);
            case BigInteger whole -> new Value.Int(whole);
            case java.math.BigDecimal real -> new Value.Real(real.doubleValue());
            case Number number -> Value.of(number.longValue());
            case List<?> list -> {
                List<Value> items = new ArrayList<>();
                list.forEach(item -> items.add(of(item, source, depth + 1)));
                yield Value.list(items);
            }
            case Map<?, ?> map -> {
                Map<Object, Value.Pair> pairs = new LinkedHashMap<>();
                map.forEach((key, value) -> {
                    String name = String.valueOf(key);
                    pairs.put(name, new Value.Pair(text(name, source), of(value, source, depth + 1)));
                });
                yield new Value.Dict(pairs);
            }
            default ->
                throw new IllegalArgumentException(
                        "no template value: " + host.getClass().getName());
        };
    }

    private Value text(String text, int source) {
        characters += text.length();
        return Value.of(Text.of(text, source));
    }

    long values() {
        return values;
    }

    long characters() {
        return characters;
    }
}
