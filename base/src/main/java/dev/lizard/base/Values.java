package dev.lizard.base;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** Single values of a configuration: a node to a number, text, path, enum constant, or a type with {@code parse}. */
final class Values {
    private static final int SHOWN_LENGTH = 60;

    /** A value that does not fit, before it is known where it stood. */
    static final class Mismatch extends Exception {
        private final String what;
        private final String expected;
        private final String advice;

        Mismatch(String what, String expected, String advice) {
            super(what);
            this.what = what;
            this.expected = expected;
            this.advice = advice;
        }

        String what() {
            return what;
        }

        String expected() {
            return expected;
        }

        String advice() {
            return advice;
        }
    }

    private Values() {}

    static Object read(JsonNode node, Class<?> type) throws Mismatch {
        if (JsonNode.class.isAssignableFrom(type) && type.isInstance(node)) {
            return node;
        }
        if (node.isContainer()) {
            throw wrongType(type);
        }
        String text = node.asString().strip();
        if (type == String.class) {
            return node.asString();
        }
        if (type == Path.class) {
            return path(text);
        }
        if (type == boolean.class || type == Boolean.class) {
            return bool(text);
        }
        if (type.isEnum()) {
            return constant(text, type);
        }
        return type.isPrimitive() || Number.class.isAssignableFrom(type) ? number(text, type) : parsed(text, type);
    }

    static void checkRange(double value, Setting setting) throws Mismatch {
        String bound = "";
        if (!(value >= setting.min())) {
            bound = "at least " + plain(setting.min());
        } else if (!(value <= setting.max())) {
            bound = "at most " + plain(setting.max());
        } else if (!(value > setting.above())) {
            bound = "above " + plain(setting.above());
        } else if (!(value < setting.below())) {
            bound = "below " + plain(setting.below());
        }
        if (!bound.isEmpty()) {
            throw new Mismatch("number out of range", bound, "choose another");
        }
    }

    /** {@code a whole number}, {@code true or false}, ...: what a message says is expected. */
    static String describe(Class<?> type) {
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return "a whole number";
        }
        if (type == double.class || type == Double.class || type == float.class || type == Float.class) {
            return "a number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (type.isEnum()) {
            return "one of " + String.join(", ", names(type));
        }
        if (List.class.isAssignableFrom(type)) {
            return "a list";
        }
        if (JsonNode.class.isAssignableFrom(type) || type.isRecord() || type.isSealed()) {
            return "keys and values";
        }
        return type == String.class ? "text" : type == Path.class ? "a path" : "a " + kebab(type.getSimpleName());
    }

    /** A node as a message shows it: its JSON, shortened. */
    static String shown(JsonNode node) {
        String text = node.toString();
        return text.length() <= SHOWN_LENGTH ? text : text.substring(0, SHOWN_LENGTH - 3) + "...";
    }

    /** {@code seqLen} to {@code seq_len}; {@code stage1Tokens} to {@code stage1_tokens}. */
    static String snake(String camel) {
        return camel.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    static String kebab(String camel) {
        return snake(camel).replace('_', '-');
    }

    private static Path path(String text) throws Mismatch {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw wrongType(Path.class);
        }
    }

    private static Object bool(String text) throws Mismatch {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new Mismatch("wrong type", describe(boolean.class), meantBool(text));
        };
    }

    private static String meantBool(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on", "y", "1" -> "write true";
            case "false", "no", "off", "n", "0" -> "write false";
            default -> "correct the value";
        };
    }

    private static Object number(String text, Class<?> type) throws Mismatch {
        if (text.matches("[-+]?0[0-9].*")) { // octal to some programs, decimal to others
            throw new Mismatch("unclear number", "a number without leading zeros", "leave them out");
        }
        try {
            if (type == double.class || type == Double.class) {
                return real(text);
            }
            if (type == float.class || type == Float.class) {
                return (float) real(text);
            }
            return whole(new BigDecimal(text), type == long.class || type == Long.class);
        } catch (NumberFormatException e) {
            throw wrongType(type);
        }
    }

    private static Number whole(BigDecimal exact, boolean wide) throws Mismatch {
        try {
            return wide ? (Number) exact.longValueExact() : (Number) exact.intValueExact();
        } catch (ArithmeticException e) {
            // A fraction, or beyond the type: an exponent may be too large to write the digits out.
            boolean small = exact.precision() - exact.scale() <= (wide ? 18 : 9);
            String expected = small
                    ? "a whole number"
                    : "a whole number of at most " + (wide ? Long.MAX_VALUE : Integer.MAX_VALUE) + " either way";
            throw new Mismatch("wrong number", expected, "correct the value");
        }
    }

    private static double real(String text) throws Mismatch {
        boolean named = text.matches("NaN|[-+]?Infinity"); // as Python's json writes them
        double value = named ? Double.NaN : new BigDecimal(text).doubleValue();
        if (!Double.isFinite(value)) {
            throw new Mismatch("number out of range", "a finite number", "choose another");
        }
        return value;
    }

    private static Object constant(String text, Class<?> type) throws Mismatch {
        for (Object constant : type.getEnumConstants()) {
            if (name(constant).equals(text)) {
                return constant;
            }
        }
        throw new Mismatch("unknown value", describe(type), Nearest.hint(text, names(type)));
    }

    private static List<String> names(Class<?> type) {
        return Arrays.stream(type.getEnumConstants()).map(Values::name).toList();
    }

    private static String name(Object constant) {
        return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Object parsed(String text, Class<?> type) throws Mismatch {
        try {
            Method parse = type.getDeclaredMethod("parse", String.class);
            parse.setAccessible(true);
            return parse.invoke(null, text);
        } catch (InvocationTargetException e) {
            throw new Mismatch(
                    "bad value",
                    describe(type),
                    String.valueOf(e.getTargetException().getMessage()));
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("configuration cannot hold " + type, e);
        }
    }

    private static Mismatch wrongType(Class<?> type) {
        return new Mismatch("wrong type", describe(type), "correct the value");
    }

    private static String plain(double bound) {
        return BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString();
    }
}
