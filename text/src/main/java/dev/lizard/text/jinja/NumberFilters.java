package dev.lizard.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Map;

/** Filters about numbers. */
final class NumberFilters {
    private static final int MOST_PLACES = 400;

    private NumberFilters() {}

    static void addTo(Map<String, Builtin> all) {
        add(all, "int", "default?,base?", NumberFilters::integer);
        add(all, "float", "default?", NumberFilters::real);
        add(all, "abs", "", NumberFilters::absolute);
        add(all, "round", "precision?,method?", NumberFilters::round);
        add(all, "filesizeformat", "binary?", NumberFilters::size);
    }

    private static void add(Map<String, Builtin> all, String name, String signature, Builtin.Body body) {
        all.put(name, Builtin.of(name, signature, body));
    }

    private static Value integer(Arguments a) {
        if (a.subject() instanceof Value.Undefined(String name)) {
            throw a.bad("'" + name + "' is undefined, so it is no number");
        }
        try {
            if (a.subject() instanceof Value.Str(Text text, boolean _)) {
                try {
                    return new Value.Int(Numbers.parse(text.chars(), (int) a.whole(1, "base", 10)));
                } catch (NumberFormatException noInteger) {
                    return truncated(Numbers.parse(text.chars()));
                }
            }
            return a.subject() instanceof Value.Real(double number)
                    ? truncated(number)
                    : Values.isNumber(a.subject())
                            ? new Value.Int(Numbers.whole(a.subject()))
                            : a.value(0, Value.of(0));
        } catch (NumberFormatException noNumber) {
            return a.value(0, Value.of(0));
        }
    }

    private static Value truncated(double number) {
        return new Value.Int(new BigDecimal(number).toBigInteger());
    }

    private static Value real(Arguments a) {
        if (a.subject() instanceof Value.Undefined(String name)) {
            throw a.bad("'" + name + "' is undefined, so it is no number");
        }
        if (Values.isNumber(a.subject())) {
            return new Value.Real(Numbers.real(a.subject()));
        }
        try {
            if (a.subject() instanceof Value.Str(Text text, boolean _)) {
                return new Value.Real(Numbers.parse(text.chars()));
            }
        } catch (NumberFormatException noNumber) {
            // As where it is no text.
        }
        return a.value(0, new Value.Real(0));
    }

    private static Value number(Arguments a, String what) {
        if (!Values.isNumber(a.subject())) {
            throw a.bad("%s needs a number, not %s".formatted(what, Values.type(a.subject())));
        }
        return a.subject();
    }

    private static Value absolute(Arguments a) {
        return number(a, "abs") instanceof Value.Real(double real)
                ? new Value.Real(Math.abs(real))
                : new Value.Int(Numbers.whole(a.subject()).abs());
    }

    private static Value round(Arguments a) {
        Value value = number(a, "round");
        long precision = a.whole(0, "precision", 0);
        String method = a.has(1) ? a.string(1, "method").chars() : "common";
        if (Math.abs(precision) > MOST_PLACES) {
            throw a.bad("round to %d places".formatted(precision));
        }
        double number = Numbers.real(value);
        if (method.equals("ceil") || method.equals("floor")) {
            double scale = Math.pow(10, (double) precision);
            double scaled = number * scale;
            return new Value.Real((method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
        }
        if (!method.equals("common")) {
            throw a.bad("round needs the method common, ceil or floor, not '" + method + "'");
        }
        if (value instanceof Value.Real) {
            return Double.isFinite(number)
                    ? new Value.Real(Math.copySign(
                            new BigDecimal(number)
                                    .setScale((int) precision, RoundingMode.HALF_EVEN)
                                    .doubleValue(),
                            number))
                    : value;
        }
        BigInteger whole = Numbers.whole(value);
        return new Value.Int(
                precision >= 0
                        ? whole
                        : new BigDecimal(whole)
                                .setScale((int) precision, RoundingMode.HALF_EVEN)
                                .toBigInteger());
    }

    private static Value size(Arguments a) {
        Value subject =
                a.subject() instanceof Value.Str(Text text, boolean _) ? parsed(text, a) : number(a, "filesizeformat");
        double bytes = Numbers.real(subject);
        boolean binary = a.flag(0, false);
        double base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return Value.of("1 Byte");
        }
        if (bytes < base) {
            return Value.of("%d Bytes".formatted((long) bytes));
        }
        String prefixes = "kMGTPEZY";
        double unit = base;
        int at = -1;
        do {
            at++;
            unit *= base;
        } while (at < prefixes.length() - 1 && bytes >= unit);
        String prefix =
                (binary ? prefixes.toUpperCase(java.util.Locale.ROOT) : prefixes).charAt(at) + (binary ? "iB" : "B");
        return Value.of(Numbers.formatted(base * bytes / unit, 'f', 1, false) + " " + prefix);
    }

    private static Value parsed(Text text, Arguments a) {
        try {
            return new Value.Real(Numbers.parse(text.chars()));
        } catch (NumberFormatException noNumber) {
            throw a.bad("filesizeformat needs a number, not '" + text + "'");
        }
    }
}
