package dev.lizard.eval.task.written;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/** Which words are numbers, and how one is written so that equal ones look equal: as Python's {@code float} has it. */
final class Numerals {
    private static final Pattern FINITE =
            Patterns.of("[+-]?(?:N(?:\\.N?)?|\\.N)(?:[eE][+-]?N)?".replace("N", "(?:\\d+(?:_\\d+)*)"));
    private static final Pattern INFINITE = Pattern.compile("([+-]?)inf(?:inity)?", Pattern.CASE_INSENSITIVE);
    private static final Pattern NAN = Pattern.compile("[+-]?nan", Pattern.CASE_INSENSITIVE);
    private static final int PLAIN_BELOW = 16;
    private static final int PLAIN_ABOVE = -5;

    private Numerals() {}

    static OptionalDouble parse(String word) {
        String plain = Patterns.stripped(word);
        if (FINITE.matcher(plain).matches()) {
            return OptionalDouble.of(Double.parseDouble(ascii(plain)));
        }
        if (INFINITE.matcher(plain).matches()) {
            return OptionalDouble.of(plain.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
        }
        return NAN.matcher(plain).matches() ? OptionalDouble.of(Double.NaN) : OptionalDouble.empty();
    }

    /** Such as 1507.0, 0.5, 1e+16, 1e-05. */
    static String shown(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return Double.toString(number);
        }
        BigDecimal shortest = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent > PLAIN_ABOVE && exponent < PLAIN_BELOW) {
            return shortest.scale() > 0 ? shortest.toPlainString() : shortest.toPlainString() + ".0";
        }
        String digits = shortest.unscaledValue().abs().toString();
        return String.format(
                Locale.ROOT,
                "%s%s%se%s%02d",
                number < 0 ? "-" : "",
                digits.charAt(0),
                digits.length() > 1 ? "." + digits.substring(1) : "",
                exponent < 0 ? "-" : "+",
                Math.abs(exponent));
    }

    private static String ascii(String number) {
        StringBuilder plain = new StringBuilder();
        number.codePoints().filter(c -> c != '_').forEach(c -> {
            int digit = Character.digit(c, 10);
            plain.appendCodePoint(digit < 0 ? c : '0' + digit);
        });
        return plain.toString();
    }
}
