package dev.lizard.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** The methods of strings. */
final class TextMethods {
    static final Map<String, Builtin> ALL = new LinkedHashMap<>();

    private TextMethods() {}

    private static void add(String name, String signature, Builtin.Body body) {
        ALL.put(name, Builtin.of(name, signature, body));
    }

    static {
        changes();
        parts();
        searches();
        questions();
    }

    private static void changes() {
        add("upper", "/", a -> a.same(TextBuilder.mapped(a.scanned(), PythonText::upper, a.budget())));
        add("lower", "/", a -> a.same(TextBuilder.mapped(a.scanned(), PythonText::lower, a.budget())));
        add("casefold", "/", a -> a.same(TextBuilder.mapped(a.scanned(), TextMethods::folded, a.budget())));
        add("swapcase", "/", a -> a.same(TextBuilder.mapped(a.scanned(), TextMethods::swapped, a.budget())));
        add("title", "/", a -> a.same(PythonText.title(a.scanned(), a.budget())));
        add("capitalize", "/", a -> a.same(PythonText.capitalize(a.scanned(), a.budget())));
        add("strip", "/chars?", a -> strip(a, true, true));
        add("lstrip", "/chars?", a -> strip(a, true, false));
        add("rstrip", "/chars?", a -> strip(a, false, true));
        add("replace", "/old,new,count?", TextMethods::replace);
        add("removeprefix", "/prefix", a -> {
            int cut = a.string(0, "removeprefix").length();
            boolean there =
                    a.text().chars().startsWith(a.string(0, "removeprefix").chars());
            return a.same(there ? a.scanned().from(cut) : a.text());
        });
        add("removesuffix", "/suffix", a -> {
            int cut = a.string(0, "removesuffix").length();
            boolean there =
                    a.text().chars().endsWith(a.string(0, "removesuffix").chars());
            return a.same(there ? a.scanned().part(0, a.text().length() - cut) : a.text());
        });
        add("center", "/width,fillchar?", a -> {
            long room = Math.max(a.whole(0, "center", 0) - a.text().count(), 0);
            // Python leaves the odd blank on the left where the width is odd.
            long left = room / 2 + (room & a.whole(0, "center", 0) & 1);
            return a.same(PythonText.padded(a.text(), left, room - left, fill(a), a.budget()));
        });
        add(
                "ljust",
                "/width,fillchar?",
                a -> a.same(PythonText.padded(
                        a.text(), 0, a.whole(0, "ljust", 0) - a.text().count(), fill(a), a.budget())));
        add(
                "rjust",
                "/width,fillchar?",
                a -> a.same(PythonText.padded(
                        a.text(), a.whole(0, "rjust", 0) - a.text().count(), 0, fill(a), a.budget())));
        add("zfill", "/width", a -> {
            Text text = a.text();
            int sign = text.chars().startsWith("-") || text.chars().startsWith("+") ? 1 : 0;
            long missing = Math.max(a.whole(0, "zfill", 0) - text.count(), 0);
            return a.same(new TextBuilder(a.budget())
                    .append(text, 0, sign)
                    .repeat(Text.of("0"), missing)
                    .append(text, sign, text.length())
                    .build());
        });
        add("expandtabs", "tabsize?", TextMethods::expanded);
        add("format", "*", a -> a.same(BraceFormat.format(a.text(), a.given(), a.budget())));
        add("format_map", "/mapping", a -> {
            if (!(a.value(0) instanceof Value.Dict dict)) {
                throw a.bad("format_map needs a dictionary, not " + Values.type(a.value(0)));
            }
            return a.same(BraceFormat.format(a.text(), BraceFormat.named(dict, a.line()), a.budget()));
        });
        add("join", "/iterable", a -> {
            Iterator<Value> items = Values.iterator(a.value(0), a.line(), a.budget());
            List<Text> parts = new ArrayList<>();
            items.forEachRemaining(item -> {
                a.budget().step();
                parts.add(Values.string(item, "join", a.line()));
            });
            return a.same(PythonText.join(a.text(), parts.iterator(), a.budget()));
        });
    }

    private static Value replace(Arguments a) {
        return a.same(PythonText.replace(
                a.text(), a.string(0, "replace"), a.string(1, "replace"), a.whole(2, "replace", -1), a.budget()));
    }

    private static void parts() {
        add("split", "sep?,maxsplit?", a -> cut(a, false));
        add("rsplit", "sep?,maxsplit?", a -> cut(a, true));
        add("splitlines", "keepends?", a -> texts(PythonText.lines(a.scanned(), a.flag(0, false), a.budget())));
        add("partition", "/sep", a -> {
            Text text = a.scanned();
            int at = text.chars().indexOf(separator(a).chars());
            return three(
                    at < 0 ? text.length() : at,
                    at < 0 ? text.length() : at + separator(a).length(),
                    text);
        });
        add("rpartition", "/sep", a -> {
            Text text = a.scanned();
            int at = text.chars().lastIndexOf(separator(a).chars());
            return three(Math.max(at, 0), at < 0 ? 0 : at + separator(a).length(), text);
        });
    }

    private static Text separator(Arguments a) {
        Text separator = a.string(0, "a separator");
        if (separator.isEmpty()) {
            throw a.bad("an empty separator");
        }
        return separator;
    }

    private static Value three(int from, int to, Text text) {
        return Value.tuple(
                List.of(Value.of(text.part(0, from)), Value.of(text.part(from, to)), Value.of(text.from(to))));
    }

    static Value texts(List<Text> texts) {
        return Value.list(texts.stream().map(Value::of).toList());
    }

    private static Value cut(Arguments a, boolean right) {
        Text text = a.scanned();
        long most = a.whole(1, "maxsplit", -1);
        if (!a.some(0)) {
            return texts(
                    right
                            ? PythonText.wordsFromRight(text, most, a.budget())
                            : PythonText.words(text, most, a.budget()));
        }
        String separator = separator(a).chars();
        return texts(
                right
                        ? PythonText.splitFromRight(text, separator, most, a.budget())
                        : PythonText.split(text, separator, most, a.budget()));
    }

    private static void searches() {
        add("startswith", "/prefix,start?,end?", a -> Value.of(any(a, String::startsWith)));
        add("endswith", "/suffix,start?,end?", a -> Value.of(any(a, String::endsWith)));
        add("find", "/sub,start?,end?", a -> Value.of(find(a, false)));
        add("rfind", "/sub,start?,end?", a -> Value.of(find(a, true)));
        add("index", "/sub,start?,end?", a -> Value.of(found(a, find(a, false))));
        add("rindex", "/sub,start?,end?", a -> Value.of(found(a, find(a, true))));
        add("count", "/sub,start?,end?", a -> {
            Text text = window(a);
            Text part = a.string(0, "count");
            return Value.of(
                    part.isEmpty()
                            ? text.count() + 1
                            : PythonText.split(text, part.chars(), -1, a.budget())
                                            .size()
                                    - 1L);
        });
    }

    private static long found(Arguments a, long at) {
        if (at < 0) {
            throw a.bad("the string has no '" + a.string(0, "index") + "'");
        }
        return at;
    }

    /** The part that start and end leave. */
    private static Text window(Arguments a) {
        return Values.string(
                Attributes.slice(
                        a.subject(), a.value(1, Value.NONE), a.value(2, Value.NONE), Value.NONE, a.line(), a.budget()),
                "a part",
                a.line());
    }

    private static long find(Arguments a, boolean last) {
        Text window = window(a);
        a.budget().scan(window.length());
        String part = a.string(0, "find").chars();
        int at = last ? window.chars().lastIndexOf(part) : window.chars().indexOf(part);
        long count = a.text().count();
        long start = a.wholeOrNone(1, "start", 0);
        long shift = start < 0 ? Math.max(start + count, 0) : start;
        return at < 0 || shift > count ? -1 : window.chars().codePointCount(0, at) + shift;
    }

    private interface Ends {
        boolean test(String text, String part);
    }

    /** Whether the string given, or any of the tuple given, passes. */
    private static boolean any(Arguments a, Ends passes) {
        String window = a.has(1) || a.has(2) ? window(a).chars() : a.text().chars();
        boolean tuple = a.value(0) instanceof Value.Seq(List<Value> _, Value.Seq.Kind kind) && kind.isTuple();
        List<Value> all = tuple ? Values.items(a.value(0), a.line(), a.budget()) : List.of(a.value(0));
        boolean any = false;
        for (Value one : all) {
            any |= passes.test(window, Values.string(one, "this test", a.line()).chars());
        }
        return any;
    }

    private static void questions() {
        ask("isalnum", c -> Character.isLetterOrDigit(c) || Character.getType(c) == Character.OTHER_NUMBER);
        ask("isalpha", Character::isLetter);
        ask("isdecimal", c -> Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER);
        ask("isdigit", TextMethods::isDigit);
        ask("isnumeric", TextMethods::isNumeric);
        ask("isspace", PythonText::isSpace);
        add("isascii", "/", a -> Value.of(a.scanned().chars().chars().allMatch(c -> c < 128)));
        add("isprintable", "/", a -> Value.of(a.scanned().chars().codePoints().allMatch(Repr::isPrintable)));
        add("isidentifier", "/", a -> Value.of(isIdentifier(a.scanned().chars())));
        add("islower", "/", a -> Value.of(TextMethods.isCase(a.scanned().chars(), true)));
        add("isupper", "/", a -> Value.of(TextMethods.isCase(a.scanned().chars(), false)));
        add("istitle", "/", a -> {
            Text text = a.scanned();
            boolean cased = text.chars().codePoints().anyMatch(PythonText::isCased);
            return Value.of(cased && PythonText.title(text, a.budget()).equals(text));
        });
    }

    private static void ask(String name, IntPredicate each) {
        add(name, "/", a -> {
            String chars = a.scanned().chars();
            return Value.of(!chars.isEmpty() && chars.codePoints().allMatch(each));
        });
    }

    private static boolean isDigit(int c) {
        return Character.isDigit(c)
                || "\u00b2\u00b3\u00b9".indexOf(c) >= 0
                || (c >= 0x2070 && c <= 0x2089 && c != 0x2071);
    }

    private static boolean isNumeric(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    static boolean isIdentifier(String text) {
        return !text.isEmpty()
                && (Character.isUnicodeIdentifierStart(text.codePointAt(0)) || text.startsWith("_"))
                && text.codePoints()
                        .allMatch(c -> Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
    }

    /** Whether there are cased letters and all are small, or all are large. */
    static boolean isCase(String text, boolean small) {
        return text.codePoints().anyMatch(PythonText::isCased)
                && text.codePoints()
                        .noneMatch(c -> Character.isTitleCase(c)
                                || (small ? Character.isUpperCase(c) : Character.isLowerCase(c)));
    }

    private static String folded(String text) {
        return text.replace("\u00df", "ss").toUpperCase(java.util.Locale.ROOT).toLowerCase(java.util.Locale.ROOT);
    }

    private static String swapped(String text) {
        StringBuilder swapped = new StringBuilder();
        text.codePoints().forEach(c -> {
            String one = Character.toString(c);
            swapped.append(Character.isUpperCase(c) ? PythonText.lower(one) : PythonText.upper(one));
        });
        return swapped.toString();
    }

    static Value strip(Arguments a, boolean left, boolean right) {
        Text text = a.scanned();
        return a.same(
                a.some(0)
                        ? PythonText.strip(text, a.string(0, "strip").chars(), left, right)
                        : PythonText.strip(text, left, right));
    }

    private static Text fill(Arguments a) {
        Text fill = a.has(1) ? a.string(1, "a filling") : Text.of(" ");
        if (fill.count() != 1) {
            throw a.bad("a filling must be one character, not '" + fill + "'");
        }
        return fill;
    }

    private static Value expanded(Arguments a) {
        long size = a.whole(0, "tabsize", 8);
        Text text = a.scanned();
        TextBuilder built = new TextBuilder(a.budget());
        long column = 0;
        for (int i = 0; i < text.length(); ) {
            int c = text.chars().codePointAt(i);
            int end = i + Character.charCount(c);
            if (c == '\t') {
                long blanks = size <= 0 ? 0 : size - column % size;
                built.repeat(Text.of(" "), blanks);
                column += blanks;
            } else {
                built.append(text, i, end);
                column = c == '\n' || c == '\r' ? 0 : column + 1;
            }
            i = end;
        }
        return a.same(built.build());
    }
}
