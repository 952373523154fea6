package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Operations on text that behave as Python's, on which templates rely. */
final class PythonText {
    private PythonText() {}

    /** White space as {@code str.isspace} has it. */
    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    static String strip(String text, boolean left, boolean right) {
        int begin = 0;
        int end = text.length();
        while (left && begin < end && isSpace(text.charAt(begin))) {
            begin++;
        }
        while (right && end > begin && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(begin, end);
    }

    /** Takes characters of {@code set} off the ends. */
    static String strip(String text, String set, boolean left, boolean right) {
        int begin = 0;
        int end = text.length();
        while (left && begin < end && set.indexOf(text.charAt(begin)) >= 0) {
            begin++;
        }
        while (right && end > begin && set.indexOf(text.charAt(end - 1)) >= 0) {
            end--;
        }
        return text.substring(begin, end);
    }

    /** The words between white space, the rest after {@code most} cuts in one piece (-1: all are made). */
    static List<String> words(String text, long most) {
        List<String> words = new ArrayList<>();
        String rest = strip(text, true, false);
        while (!rest.isEmpty()) {
            int end = 0;
            while (end < rest.length() && !isSpace(rest.charAt(end))) {
                end++;
            }
            if (most >= 0 && words.size() >= most) {
                words.add(rest);
                break;
            }
            words.add(rest.substring(0, end));
            rest = strip(rest.substring(end), true, false);
        }
        return words;
    }

    /** The parts between {@code separator}, at most {@code most} cuts (-1: all). */
    static List<String> split(String text, String separator, long most) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf(separator);
                at >= 0 && (most < 0 || parts.size() < most);
                at = text.indexOf(separator, from)) {
            parts.add(text.substring(from, at));
            from = at + separator.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    static List<String> lines(String text) {
        List<String> lines = text.isEmpty() ? new ArrayList<>() : split(text.replace("\r\n", "\n"), "\n", -1);
        if (text.endsWith("\n")) {
            lines.removeLast();
        }
        return lines;
    }

    /** Each word with a capital first letter, the rest small. */
    static String title(String text) {
        StringBuilder titled = new StringBuilder();
        boolean inside = false;
        for (int c : text.codePoints().toArray()) {
            titled.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isLetter(c);
        }
        return titled.toString();
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return title(text.substring(0, first)) + text.substring(first).toLowerCase(java.util.Locale.ROOT);
    }

    /** As Python writes a string inside a list. */
    static String quoted(String text) {
        char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
        String escaped = text.replace("\\", "\\\\")
                .replace("\n", "\\n")
                .replace("\r", "\\r")
                .replace("\t", "\\t");
        return quote + (quote == '\'' ? escaped.replace("'", "\\'") : escaped) + quote;
    }
}
