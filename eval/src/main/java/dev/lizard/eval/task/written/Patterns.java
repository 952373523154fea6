package dev.lizard.eval.task.written;

import java.util.regex.Pattern;

/** Regular expressions with the meaning that they have in the harness: Unicode classes, lines that end by \n alone. */
final class Patterns {
    /** What {@code str.split} takes as space; Java's class lacks the four separators. */
    static final Pattern SPACES = of("[\\s\\x1c-\\x1f]+");

    private Patterns() {}

    static Pattern of(String regex) {
        return Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNIX_LINES);
    }

    /** Without spaces around, and one between words. */
    static String words(String text) {
        return SPACES.matcher(text).replaceAll(" ").strip();
    }

    /** Without spaces around. */
    static String stripped(String text) {
        return TRIM.matcher(text).replaceAll("");
    }

    private static final Pattern TRIM = of("\\A[\\s\\x1c-\\x1f]+|[\\s\\x1c-\\x1f]+\\z");
}
