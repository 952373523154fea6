package dev.lizard.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;

/** Python's numbers: order, conversion and how they are written. */
final class Numbers {
    /** Integers beyond this many bits are refused: they only serve to fill the time. */
    static final int MOST_BITS = 1 << 14;

    private static final String FLOAT = "(%1$s\\.?|(%1$s)?\\.%1$s|%1$s\\.)(e[+-]?%1$s)?".formatted("\\d+(_\\d+)*");

    private Numbers() {}

    static int compare(Value left, Value right) {
        if (left instanceof Value.Real || right instanceof Value.Real) {
            double a = real(left);
            double b = real(right);
            if (Double.isNaN(a) || Double.isNaN(b)) {
                return 2; // neither below, equal nor above, but for "greater" and "unequal"
            }
            if (Double.isInfinite(a) || Double.isInfinite(b)) {
                return Double.compare(a, b);
            }
            return exact(left).compareTo(exact(right));
        }
        return whole(left).compareTo(whole(right));
    }

    private static BigDecimal exact(Value value) {
        return value instanceof Value.Real(double number) ? new BigDecimal(number) : new BigDecimal(whole(value));
    }

    static BigInteger whole(Value value) {
        return switch (value) {
            case Value.Int(BigInteger number) -> number;
            case Value.Bool(boolean flag) -> flag ? BigInteger.ONE : BigInteger.ZERO;
            default -> throw new IllegalArgumentException("not an integer: " + value);
        };
    }

    static double real(Value value) {
        return value instanceof Value.Real(double number)
                ? number
                : whole(value).doubleValue();
    }

    /** As {@code repr} writes it. */
    static String text(double number) {
        if (!Double.isFinite(number)) {
            return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal shortest = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = shortest.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        return scientific(shortest, exponent, 'e');
    }

    /** Digits with an exponent of at least two. */
    private static String scientific(BigDecimal number, int exponent, char e) {
        String digits = number.unscaledValue().abs().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return (number.signum() < 0 ? "-" : "")
                + mantissa
                + e
                + (exponent < 0 ? "-" : "+")
                + "%02d".formatted(Math.abs(exponent));
    }

    /** As {@code %f}, {@code %e} or {@code %g} write it, without the sign; {@code alternate} keeps all zeros. */
    static String formatted(double number, char kind, int precision, boolean alternate) {
        double size = Math.abs(number);
        char lower = Character.toLowerCase(kind);
        if (!Double.isFinite(size)) {
            String name = Double.isNaN(size) ? "nan" : "inf";
            return lower == kind ? name : name.toUpperCase(Locale.ROOT);
        }
        char e = lower == kind ? 'e' : 'E';
        String point = alternate && precision == 0 ? "." : "";
        BigDecimal exact = new BigDecimal(size);
        return switch (lower) {
            case 'f' -> exact.setScale(precision, RoundingMode.HALF_EVEN).toPlainString() + point;
            case 'e' -> exponential(exact, precision, e, point);
            default -> {
                int digits = Math.max(precision, 1);
                BigDecimal rounded = rounded(exact, digits);
                int exponent = exponent(rounded);
                boolean plain = exponent >= -4 && exponent < digits;
                String text = plain
                        ? exact.setScale(digits - 1 - exponent, RoundingMode.HALF_EVEN)
                                .toPlainString()
                        : exponential(exact, digits - 1, e, "");
                yield alternate ? text : withoutZeros(text, e);
            }
        };
    }

    private static String exponential(BigDecimal exact, int precision, char e, String point) {
        BigDecimal rounded = rounded(exact, precision + 1);
        int exponent = exponent(rounded);
        String digits = rounded.signum() == 0
                ? "0".repeat(precision + 1)
                : rounded.setScale(precision - exponent, RoundingMode.UNNECESSARY)
                        .unscaledValue()
                        .toString();
        String mantissa = precision == 0 ? digits + point : digits.charAt(0) + "." + digits.substring(1);
        return mantissa + e + (exponent < 0 ? "-" : "+") + "%02d".formatted(Math.abs(exponent));
    }

    private static BigDecimal rounded(BigDecimal exact, int digits) {
        return exact.signum() == 0 ? exact : exact.round(new java.math.MathContext(digits, RoundingMode.HALF_EVEN));
    }

    private static int exponent(BigDecimal number) {
        return number.signum() == 0 ? 0 : number.precision() - number.scale() - 1;
    }

    private static String withoutZeros(String text, char e) {
        int at = text.indexOf(e);
        String mantissa = at < 0 ? text : text.substring(0, at);
        if (mantissa.contains(".")) {
            mantissa = mantissa.replaceAll("0+$", "").replaceAll("\\.$", "");
        }
        return mantissa + (at < 0 ? "" : text.substring(at));
    }

    /** What {@code float} reads. @throws NumberFormatException where it is no number */
    static double parse(String text) {
        String clean = PythonText.strip(Text.of(text), true, true).chars();
        String body = clean.replaceFirst("^[+-]", "").toLowerCase(Locale.ROOT);
        boolean negative = clean.startsWith("-");
        if (body.equals("nan")) {
            return Double.NaN;
        }
        if (body.equals("inf") || body.equals("infinity")) {
            return negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        if (body.length() > 400 || !body.matches(FLOAT)) {
            throw new NumberFormatException(text);
        }
        double size = Double.parseDouble(body.replace("_", ""));
        return negative ? -size : size;
    }

    /** What {@code int} reads to {@code base}. @throws NumberFormatException where it is no integer */
    static BigInteger parse(String text, int base) {
        String clean = PythonText.strip(Text.of(text), true, true).chars().toLowerCase(Locale.ROOT);
        boolean negative = clean.startsWith("-");
        String body = clean.replaceFirst("^[+-]", "");
        int radix = base;
        for (String prefix : new String[] {"0x16", "0o8", "0b2"}) {
            int meant = Integer.parseInt(prefix.substring(2));
            if (body.startsWith(prefix.substring(0, 2)) && (base == meant || base == 0)) {
                body = body.substring(2).replaceFirst("^_", "");
                radix = meant;
            }
        }
        boolean zeros = base == 0 && radix == 0 && body.matches("0[0_]*[1-9].*");
        radix = radix == 0 ? 10 : radix;
        if (zeros || radix < 2 || radix > 36 || body.length() > 4_300 || !body.matches("[0-9a-z]+(_[0-9a-z]+)*")) {
            throw new NumberFormatException(text);
        }
        BigInteger size = new BigInteger(body.replace("_", ""), radix);
        return negative ? size.negate() : size;
    }
}
