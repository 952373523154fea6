package dev.lizard.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;

/** Width, sign and the like of one formatted value, in either of Python's notations. */
final class NumberFormat {
    private static final int MOST_DIGITS = 10_000;

    Text fill = Text.of(" ");
    /** One of &lt; &gt; ^ =, or 0 for the kind's own. */
    char align;

    char sign = '-';
    boolean alternate;
    boolean zeros;
    long width;
    int precision = -1;
    /** Between groups of digits; 0 for none. */
    char grouping;

    /** The first {@link #precision} characters. */
    Text cut(Text text) {
        return precision < 0 || text.count() <= precision
                ? text
                : text.part(0, text.chars().offsetByCodePoints(0, precision));
    }

    Text text(Text text, char otherwise, Budget budget) {
        long room = Math.max(width - text.count(), 0);
        char where = align == 0 ? otherwise : align;
        long left = where == '<' ? 0 : where == '^' ? room / 2 : room;
        return PythonText.padded(text, left, room - left, fill, budget);
    }

    Text number(Value value, char type, int line, Budget budget) {
        boolean whole = "doxXbn".indexOf(type) >= 0;
        if (whole && value instanceof Value.Real(double real) && !Double.isFinite(real)) {
            throw TemplateError.at(line, "an infinite number has no digits");
        }
        boolean negative;
        String digits;
        String prefix = "";
        if (whole) {
            BigInteger number = value instanceof Value.Real(double real)
                    ? new BigDecimal(real).toBigInteger()
                    : Numbers.whole(value);
            negative = number.signum() < 0;
            digits = number.abs()
                    .toString(type == 'o' ? 8 : type == 'b' ? 2 : Character.toLowerCase(type) == 'x' ? 16 : 10);
            digits = type == 'X' ? digits.toUpperCase(Locale.ROOT) : digits;
            prefix = alternate && "oxXb".indexOf(type) >= 0 ? "0" + type : "";
            int missing = Math.max(precision, 0) - digits.length();
            budget.make(0, Math.max(missing, 0));
            digits = "0".repeat(Math.max(missing, 0)) + digits;
        } else {
            double number = Numbers.real(value);
            negative = number < 0 || (number == 0 && 1 / number < 0);
            int places = precision < 0 ? 6 : precision;
            if (places > MOST_DIGITS) {
                throw TemplateError.at(line, "more than %d places of a number".formatted(MOST_DIGITS));
            }
            digits = type == 'r' ? Numbers.text(Math.abs(number)) : Numbers.formatted(number, type, places, alternate);
        }
        if (grouping != 0) {
            digits = grouped(digits, whole && type != 'd' && type != 'n' ? 4 : 3);
        }
        return assembled((negative ? "-" : sign == '-' ? "" : String.valueOf(sign)) + prefix, digits, budget);
    }

    Text assembled(String before, String digits, Budget budget) {
        if (align == '=' || (zeros && align == 0)) {
            long room = width - before.length() - digits.length();
            Text zero = align == '=' && !zeros ? fill : Text.of("0");
            return new TextBuilder(budget)
                    .append(before)
                    .repeat(zero, Math.max(room, 0))
                    .append(digits)
                    .build();
        }
        return text(Text.of(before + digits), '>', budget);
    }

    private String grouped(String digits, int size) {
        int end = 0;
        while (end < digits.length() && Character.digit(digits.charAt(end), 16) >= 0 && digits.charAt(end) != 'e') {
            end++;
        }
        StringBuilder grouped = new StringBuilder(digits);
        for (int at = end - size; at > 0; at -= size) {
            grouped.insert(at, grouping);
        }
        return grouped.toString();
    }

    static String character(long code, int line) {
        if (code < 0 || code > Character.MAX_CODE_POINT) {
            throw TemplateError.at(line, "no character has the number " + code);
        }
        return Character.toString((int) code);
    }
}
