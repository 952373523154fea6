package dev.lizard.text.pattern;

import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** A set of code points. */
@FunctionalInterface
interface CharSet {
    CharSet ALL = c -> true;
    CharSet SPACE = c -> c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || (c > 127 && isSeparator(c));
    CharSet DIGIT = c -> Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER;
    CharSet WORD = c -> Character.isLetterOrDigit(c)
            || isOf(c, Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK)
            || isOf(c, Character.LETTER_NUMBER, Character.OTHER_NUMBER, Character.CONNECTOR_PUNCTUATION);
    CharSet HEX = c -> c < 128 && Character.digit(c, 16) >= 0;

    boolean has(int c);

    default CharSet not() {
        return c -> !has(c);
    }

    default CharSet and(CharSet other) {
        return c -> has(c) && other.has(c);
    }

    default CharSet or(CharSet other) {
        return c -> has(c) || other.has(c);
    }

    /** Both cases of each. */
    default CharSet anyCase() {
        return c -> has(c) || has(Character.toLowerCase(c)) || has(Character.toUpperCase(c));
    }

    static CharSet of(int only) {
        return c -> c == only;
    }

    static CharSet range(int from, int to) {
        return c -> from <= c && c <= to;
    }

    private static boolean isSeparator(int c) {
        return isOf(c, Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR);
    }

    private static boolean isOf(int c, byte... types) {
        for (byte type : types) {
            if (Character.getType(c) == type) {
                return true;
            }
        }
        return false;
    }

    /** The general categories in the order of {@link Character}'s constants, by their usual two letters. */
    Map<String, Integer> CATEGORIES = Map.ofEntries(
            Map.entry("cn", 0),
            Map.entry("lu", 1),
            Map.entry("ll", 2),
            Map.entry("lt", 3),
            Map.entry("lm", 4),
            Map.entry("lo", 5),
            Map.entry("mn", 6),
            Map.entry("me", 7),
            Map.entry("mc", 8),
            Map.entry("nd", 9),
            Map.entry("nl", 10),
            Map.entry("no", 11),
            Map.entry("zs", 12),
            Map.entry("zl", 13),
            Map.entry("zp", 14),
            Map.entry("cc", 15),
            Map.entry("cf", 16),
            Map.entry("co", 18),
            Map.entry("cs", 19),
            Map.entry("pd", 20),
            Map.entry("ps", 21),
            Map.entry("pe", 22),
            Map.entry("pc", 23),
            Map.entry("po", 24),
            Map.entry("sm", 25),
            Map.entry("sc", 26),
            Map.entry("sk", 27),
            Map.entry("so", 28),
            Map.entry("pi", 29),
            Map.entry("pf", 30));

    Map<String, CharSet> NAMED = Map.ofEntries(
            Map.entry("any", ALL),
            Map.entry("alpha", Character::isAlphabetic),
            Map.entry("alnum", c -> Character.isAlphabetic(c) || DIGIT.has(c)),
            Map.entry("digit", DIGIT),
            Map.entry("space", SPACE),
            Map.entry("word", WORD),
            Map.entry("xdigit", HEX),
            Map.entry("upper", Character::isUpperCase),
            Map.entry("lower", Character::isLowerCase),
            Map.entry("blank", c -> c == ' ' || c == '\t' || (c > 127 && isOf(c, Character.SPACE_SEPARATOR))),
            Map.entry("cntrl", Character::isISOControl),
            Map.entry("punct", c -> category(c, 'p') || (c < 128 && category(c, 's'))));

    /** What {@code \p} and brackets of POSIX name: a category, a script or a property; null where we do not know it. */
    static @Nullable CharSet named(String name) {
        String plain = name.replace("_", "").replace(" ", "").toLowerCase(Locale.ROOT);
        CharSet property = NAMED.get(plain);
        if (property != null) {
            return property;
        }
        if (plain.length() == 1 && "lmnzcps".contains(plain)) {
            return c -> category(c, plain.charAt(0));
        }
        Integer type = CATEGORIES.get(plain);
        if (type != null) {
            return c -> Character.getType(c) == type;
        }
        try {
            Character.UnicodeScript script = Character.UnicodeScript.forName(name);
            return c -> Character.UnicodeScript.of(c) == script;
        } catch (IllegalArgumentException unknown) {
            return null;
        }
    }

    /** Whether {@code c} is of a category that begins with {@code letter}. */
    private static boolean category(int c, char letter) {
        int type = Character.getType(c);
        IntPredicate between = switch (letter) {
            case 'l' -> t -> t >= 1 && t <= 5;
            case 'm' -> t -> t >= 6 && t <= 8;
            case 'n' -> t -> t >= 9 && t <= 11;
            case 'z' -> t -> t >= 12 && t <= 14;
            case 'c' -> t -> t == 0 || (t >= 15 && t <= 19);
            case 'p' -> t -> (t >= 20 && t <= 24) || t >= 29;
            default -> t -> t >= 25 && t <= 28;
        };
        return between.test(type);
    }
}
