package dev.lizard.text.pattern;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.stream.IntStream;

/**
 * Code points that stand for all others before an expression: sets are made of Unicode's properties and of what the
 * expression spells, so they can only begin or end where one of these does.
 */
final class Representatives {
    /** All of these: the classes of old (white space, hexadecimal digits) are made of them. */
    private static final int DENSE = 0x300;

    private static final java.util.regex.Pattern NUMBERED =
            java.util.regex.Pattern.compile("\\\\[ux]\\{?([0-9a-fA-F]{1,6})");

    private static final int[] OF_PROPERTIES = ofProperties();

    private Representatives() {}

    private static int[] ofProperties() {
        List<Integer> changes = new ArrayList<>();
        long before = -1;
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            c = switch (c) {
                // Long stretches of one kind, and of nothing at all.
                case 0x3401 -> 0x4DBF;
                case 0x4E01 -> 0x9FF0;
                case 0xAC01 -> 0xD7A3;
                case 0x18D09 -> 0x1AFF0;
                case 0x20001 -> 0x2A6DF;
                case 0x32400 -> 0xE0000;
                case 0xE01F1 -> 0xEFFFF;
                case 0xF0001 -> 0x10FFFD;
                default -> c;
            };
            long now = properties(c);
            if (c < DENSE || now != before) {
                changes.add(c);
            }
            before = now;
        }
        return changes.stream().mapToInt(c -> c).toArray();
    }

    @SuppressWarnings("EnumOrdinal") // any number does that tells one script from another
    private static long properties(int c) {
        int bits = (Character.isAlphabetic(c) ? 1 : 0)
                | (Character.isLowerCase(c) ? 2 : 0)
                | (Character.isUpperCase(c) ? 4 : 0)
                | (Character.isISOControl(c) ? 8 : 0);
        return ((long) Character.UnicodeScript.of(c).ordinal() << 16) | Character.getType(c) << 8 | bits;
    }

    static int[] of(String expression) {
        IntStream spelt = IntStream.concat(
                expression.codePoints(),
                NUMBERED.matcher(expression)
                        .results()
                        .map(MatchResult::group)
                        .mapToInt(number -> Integer.parseInt(number.replaceAll("^\\\\[ux]\\{?", ""), 16)));
        IntStream around = spelt.flatMap(c -> IntStream.of(c, Character.toLowerCase(c), Character.toUpperCase(c)))
                .flatMap(c -> IntStream.rangeClosed(c - 1, c + 1))
                .filter(Character::isValidCodePoint);
        return IntStream.concat(IntStream.of(OF_PROPERTIES), around).toArray();
    }
}
