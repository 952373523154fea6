package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.PrimitiveIterator;

/** Operations on text that behave as Python's, on which templates rely. */
final class PythonText {
    private static final String LINE_ENDS = "\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029";

    private PythonText() {}

    /** White space as {@code str.isspace} has it. */
    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    static Text strip(Text text, boolean left, boolean right) {
        String chars = text.chars();
        int begin = 0;
        int end = chars.length();
        while (left && begin < end && isSpace(chars.charAt(begin))) {
            begin++;
        }
        while (right && end > begin && isSpace(chars.charAt(end - 1))) {
            end--;
        }
        return text.part(begin, end);
    }

    /** Takes characters of {@code set} off the ends. */
    static Text strip(Text text, String set, boolean left, boolean right) {
        String chars = text.chars();
        int begin = 0;
        int end = chars.length();
        while (left && begin < end && set.indexOf(chars.codePointAt(begin)) >= 0) {
            begin += Character.charCount(chars.codePointAt(begin));
        }
        while (right && end > begin && set.indexOf(chars.codePointBefore(end)) >= 0) {
            end -= Character.charCount(chars.codePointBefore(end));
        }
        return text.part(begin, end);
    }

    /** The words between white space, the rest after {@code most} cuts in one piece (-1: all are made). */
    static List<Text> words(Text text, long most, Budget budget) {
        List<Text> words = new ArrayList<>();
        String chars = text.chars();
        int at = spacesEnd(chars, 0);
        while (at < chars.length()) {
            budget.step();
            int end = at;
            if (most >= 0 && words.size() >= most) {
                words.add(text.from(at));
                break;
            }
            while (end < chars.length() && !isSpace(chars.charAt(end))) {
                end++;
            }
            words.add(text.part(at, end));
            at = spacesEnd(chars, end);
        }
        return words;
    }

    private static int spacesEnd(String chars, int from) {
        int at = from;
        while (at < chars.length() && isSpace(chars.charAt(at))) {
            at++;
        }
        return at;
    }

    /** The same with the cuts made from the right. */
    static List<Text> wordsFromRight(Text text, long most, Budget budget) {
        List<Text> words = new ArrayList<>();
        String chars = text.chars();
        int end = strip(text, false, true).length();
        while (end > 0) {
            budget.step();
            if (most >= 0 && words.size() >= most) {
                words.addFirst(text.part(0, end));
                break;
            }
            int at = end;
            while (at > 0 && !isSpace(chars.charAt(at - 1))) {
                at--;
            }
            words.addFirst(text.part(at, end));
            end = at;
            while (end > 0 && isSpace(chars.charAt(end - 1))) {
                end--;
            }
        }
        return words;
    }

    /** The parts between {@code separator}, at most {@code most} cuts (-1: all). */
    static List<Text> split(Text text, String separator, long most, Budget budget) {
        List<Text> parts = new ArrayList<>();
        int from = 0;
        for (int at = text.chars().indexOf(separator);
                at >= 0 && (most < 0 || parts.size() < most);
                at = text.chars().indexOf(separator, from)) {
            budget.step();
            parts.add(text.part(from, at));
            from = at + separator.length();
        }
        parts.add(text.from(from));
        return parts;
    }

    /** The same with the cuts made from the right. */
    static List<Text> splitFromRight(Text text, String separator, long most, Budget budget) {
        List<Text> parts = new ArrayList<>();
        int end = text.length();
        while (most < 0 || parts.size() < most) {
            budget.step();
            int at = end < separator.length() ? -1 : text.chars().lastIndexOf(separator, end - separator.length());
            if (at < 0) {
                break;
            }
            parts.addFirst(text.part(at + separator.length(), end));
            end = at;
        }
        parts.addFirst(text.part(0, end));
        return parts;
    }

    static List<Text> lines(Text text, boolean keepEnds, Budget budget) {
        List<Text> lines = new ArrayList<>();
        String chars = text.chars();
        int from = 0;
        for (int i = 0; i < chars.length(); i++) {
            if (LINE_ENDS.indexOf(chars.charAt(i)) >= 0) {
                budget.step();
                int end = chars.startsWith("\r\n", i) ? i + 2 : i + 1;
                lines.add(text.part(from, keepEnds ? end : i));
                from = end;
                i = end - 1;
            }
        }
        if (from < chars.length()) {
            lines.add(text.from(from));
        }
        return lines;
    }

    /** {@code old} becomes {@code by}, at most {@code most} times (-1: everywhere). */
    static Text replace(Text text, Text old, Text by, long most, Budget budget) {
        budget.scan(text.length());
        TextBuilder built = new TextBuilder(budget);
        long left = most < 0 ? Long.MAX_VALUE : most;
        int from = 0;
        if (old.isEmpty()) {
            // Before each character and at the end.
            for (int at = 0; left > 0 && at <= text.length(); left--) {
                budget.step();
                built.append(text, from, at).append(by);
                from = at;
                at += at < text.length() ? Character.charCount(text.chars().codePointAt(at)) : 1;
            }
            return built.append(text, from, text.length()).build();
        }
        for (int at = text.chars().indexOf(old.chars()); at >= 0 && left > 0; left--) {
            built.append(text, from, at).append(by);
            from = at + old.length();
            at = text.chars().indexOf(old.chars(), from);
        }
        return from == 0 ? text : built.append(text, from, text.length()).build();
    }

    static Text join(Text between, Iterator<Text> parts, Budget budget) {
        TextBuilder built = new TextBuilder(budget);
        for (boolean first = true; parts.hasNext(); first = false) {
            budget.step();
            built.append(first ? Text.EMPTY : between).append(parts.next());
        }
        return built.build();
    }

    /** {@code text} with {@code left} and {@code right} times {@code fill} around it. */
    static Text padded(Text text, long left, long right, Text fill, Budget budget) {
        return new TextBuilder(budget)
                .repeat(fill, Math.max(left, 0))
                .append(text)
                .repeat(fill, Math.max(right, 0))
                .build();
    }

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    /** Each run of cased letters with a capital first, the rest small. */
    static Text title(Text text, Budget budget) {
        TextBuilder titled = new TextBuilder(budget);
        boolean inside = false;
        for (int i = 0; i < text.length(); ) {
            int c = text.chars().codePointAt(i);
            String one = Character.toString(c);
            titled.append(inside ? lower(one) : titleOf(c), text.source(i));
            inside = isCased(c);
            i += Character.charCount(c);
        }
        return titled.build();
    }

    private static String titleOf(int c) {
        String upper = upper(Character.toString(c));
        int first = upper.offsetByCodePoints(0, 1);
        return first == upper.length() // else of several letters, such as those of U+00DF
                ? Character.toString(Character.toTitleCase(c))
                : upper.substring(0, first) + lower(upper.substring(first));
    }

    static Text capitalize(Text text, Budget budget) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.chars().offsetByCodePoints(0, 1);
        return new TextBuilder(budget)
                .append(title(text.part(0, first), budget))
                .append(TextBuilder.mapped(text.from(first), PythonText::lower, budget))
                .build();
    }

    /** As the filter has it: what follows blanks, dashes and opening brackets begins with a capital. */
    static Text titleWords(Text text, Budget budget) {
        TextBuilder titled = new TextBuilder(budget);
        boolean begins = true;
        for (int i = 0; i < text.length(); ) {
            int c = text.chars().codePointAt(i);
            String one = Character.toString(c);
            boolean between = isSpace(c) || "-({[<".indexOf(c) >= 0;
            titled.append(begins ? upper(one) : lower(one), text.source(i));
            begins = between;
            i += Character.charCount(c);
        }
        return titled.build();
    }

    static Text reversed(Text text, Budget budget) {
        TextBuilder reversed = new TextBuilder(budget);
        for (int i = text.length(); i > 0; ) {
            int begin = i - Character.charCount(text.chars().codePointBefore(i));
            reversed.append(text, begin, i);
            i = begin;
        }
        return reversed.build();
    }

    /** By code points, as Python compares. */
    static int compare(String left, String right) {
        PrimitiveIterator.OfInt a = left.codePoints().iterator();
        PrimitiveIterator.OfInt b = right.codePoints().iterator();
        while (a.hasNext() && b.hasNext()) {
            int order = Integer.compare(a.nextInt(), b.nextInt());
            if (order != 0) {
                return order;
            }
        }
        return Boolean.compare(a.hasNext(), b.hasNext());
    }

    /** HTML's five characters as references. */
    static Text escaped(Text text, Budget budget) {
        return TextBuilder.mapped(
                text,
                part -> part.replace("&", "&amp;")
                        .replace(">", "&gt;")
                        .replace("<", "&lt;")
                        .replace("'", "&#39;")
                        .replace("\"", "&#34;"),
                budget);
    }
}
