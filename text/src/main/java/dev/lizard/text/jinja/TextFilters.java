package dev.lizard.text.jinja;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Filters that write text. */
final class TextFilters {
    private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);

    private TextFilters() {}

    static void addTo(Map<String, Builtin> all) {
        add(all, "trim", "chars?", a -> TextMethods.strip(a, true, true));
        add(all, "upper", "", a -> a.same(TextBuilder.mapped(a.scanned(), PythonText::upper, a.budget())));
        add(all, "lower", "", a -> a.same(TextBuilder.mapped(a.scanned(), PythonText::lower, a.budget())));
        add(all, "title", "", a -> Value.of(PythonText.titleWords(a.scanned(), a.budget())));
        add(all, "capitalize", "", a -> a.same(PythonText.capitalize(a.scanned(), a.budget())));
        add(all, "string", "", a -> a.same(a.text()));
        add(all, "safe", "", a -> new Value.Str(a.text(), true));
        add(all, "escape", "", a -> escaped(a, false));
        add(all, "e", "", a -> escaped(a, false));
        add(all, "forceescape", "", a -> escaped(a, true));
        add(
                all,
                "center",
                "width?",
                a -> Objects.requireNonNull(TextMethods.ALL.get("center"))
                        .call(
                                "the filter",
                                Value.of(a.text()),
                                given(a, Value.of(a.whole(0, "width", 80))),
                                a.evaluator()));
        add(
                all,
                "replace",
                "old,new,count?",
                a -> Value.of(PythonText.replace(
                        a.text(),
                        Repr.text(a.value(0), a.budget()),
                        Repr.text(a.value(1), a.budget()),
                        a.wholeOrNone(2, "count", -1),
                        a.budget())));
        add(all, "indent", "width?,first?,blank?", TextFilters::indent);
        add(all, "truncate", "length?,killwords?,end?,leeway?", TextFilters::truncate);
        add(
                all,
                "wordcount",
                "",
                a -> Value.of(WORD.matcher(a.scanned().chars()).results().count()));
        add(all, "format", "*", a -> {
            Given given = a.given();
            if (!given.named().isEmpty() && !given.positional().isEmpty()) {
                throw a.bad("the filter 'format' takes values in order or by name, not both");
            }
            Value values = given.named().isEmpty() ? Value.tuple(given.positional()) : Value.dict(given.named());
            return a.same(PercentFormat.format(a.text(), values, a.line(), a.budget()));
        });
        add(all, "tojson", "ensure_ascii?,indent?,separators?,sort_keys?", TextFilters::json);
        add(all, "urlencode", "", a -> Value.of(urlencode(a)));
        add(all, "xmlattr", "autospace?", TextFilters::xmlattr);
    }

    private static void add(Map<String, Builtin> all, String name, String signature, Builtin.Body body) {
        all.put(name, Builtin.of(name, signature, body));
    }

    private static Given given(Arguments a, Value only) {
        return new Given(List.of(only), Map.of(), a.line());
    }

    private static Value escaped(Arguments a, boolean again) {
        boolean safe = a.subject() instanceof Value.Str(Text _, boolean already) && already && !again;
        return new Value.Str(safe ? a.text() : PythonText.escaped(a.scanned(), a.budget()), true);
    }

    private static Value indent(Arguments a) {
        Text by = a.has(0) && a.value(0) instanceof Value.Str(Text text, boolean _)
                ? text
                : new TextBuilder(a.budget())
                        .repeat(Text.of(" "), Math.max(a.whole(0, "width", 4), 0))
                        .build();
        if (!(a.subject() instanceof Value.Str)) {
            throw a.bad("indent needs a string, not " + Values.type(a.subject()));
        }
        boolean blankToo = a.flag(2, false);
        Text text = new TextBuilder(a.budget()).append(a.scanned()).append("\n").build();
        TextBuilder built = new TextBuilder(a.budget()).append(a.flag(1, false) ? by : Text.EMPTY);
        boolean first = true;
        for (Text line : PythonText.lines(text, false, a.budget())) {
            built.append(first ? "" : "\n")
                    .append(first || (line.isEmpty() && !blankToo) ? Text.EMPTY : by)
                    .append(line);
            first = false;
        }
        return a.same(built.build());
    }

    private static Value truncate(Arguments a) {
        long length = a.whole(0, "length", 255);
        Text end = a.has(2) ? a.string(2, "end") : Text.of("...");
        long leeway = a.wholeOrNone(3, "leeway", 5);
        if (!(a.subject() instanceof Value.Str)) {
            if (Values.length(a.subject(), a.line()) <= length + leeway) {
                return a.subject();
            }
            throw a.bad("truncate needs a string, not " + Values.type(a.subject()));
        }
        Text text = a.scanned();
        if (length < end.count() || leeway < 0) {
            throw a.bad("truncate to %d characters, with an end of %d and a leeway of %d"
                    .formatted(length, end.count(), leeway));
        }
        if (text.count() <= length + leeway) {
            return a.subject();
        }
        Text kept = text.part(0, text.chars().offsetByCodePoints(0, (int) (length - end.count())));
        int blank = a.flag(1, false) ? -1 : kept.chars().lastIndexOf(' ');
        return a.same(new TextBuilder(a.budget())
                .append(blank < 0 ? kept : kept.part(0, blank))
                .append(end)
                .build());
    }

    /** As transformers has it, which keeps HTML's characters. */
    private static Value json(Arguments a) {
        Text indent = null;
        if (a.some(1)) {
            indent = a.value(1) instanceof Value.Str(Text text, boolean _)
                    ? text
                    : new TextBuilder(a.budget())
                            .repeat(Text.of(" "), Math.max(a.whole(1, "indent", 0), 0))
                            .build();
        }
        Text between = Text.of(indent == null ? ", " : ",");
        Text colon = Text.of(": ");
        if (a.some(2)) {
            List<Value> pair = Values.items(a.value(2), a.line(), a.budget());
            if (pair.size() != 2) {
                throw a.bad("tojson needs two separators, not " + pair.size());
            }
            between = Values.string(pair.get(0), "a separator", a.line());
            colon = Values.string(pair.get(1), "a separator", a.line());
        }
        JsonText.Style style = new JsonText.Style(a.flag(0, false), indent, between, colon, a.flag(3, false));
        return Value.of(JsonText.of(a.subject(), style, a.line(), a.budget()));
    }

    private static Text urlencode(Arguments a) {
        boolean listed = a.subject() instanceof Value.Seq
                || a.subject() instanceof Value.Dict
                || a.subject() instanceof Value.Lazy;
        if (!listed) {
            return quoted(a.scanned(), "/", a.budget());
        }
        List<Value> pairs = new ArrayList<>();
        if (a.subject() instanceof Value.Dict(Map<Object, Value.Pair> entries)) {
            entries.values().forEach(pair -> pairs.add(Value.tuple(List.of(pair.key(), pair.value()))));
        } else {
            pairs.addAll(a.items());
        }
        TextBuilder built = new TextBuilder(a.budget());
        for (Value pair : pairs) {
            List<Value> both = Values.items(pair, a.line(), a.budget());
            if (both.size() != 2) {
                throw a.bad("urlencode needs pairs");
            }
            built.append(built.length() == 0 ? "" : "&")
                    .append(quoted(Repr.text(both.get(0), a.budget()), "", a.budget()))
                    .append("=")
                    .append(quoted(Repr.text(both.get(1), a.budget()), "", a.budget()));
        }
        return built.build();
    }

    /** {@code kept} beside letters, digits and {@code _.-~}; in a query, where nothing is kept, a blank is a plus. */
    private static Text quoted(Text text, String kept, Budget budget) {
        return TextBuilder.mapped(
                text,
                part -> {
                    StringBuilder quoted = new StringBuilder();
                    for (byte b : part.getBytes(UTF_8)) {
                        char c = (char) (b & 0xFF);
                        boolean plain = c < 128 && (Character.isLetterOrDigit(c) || ("_.-~" + kept).indexOf(c) >= 0);
                        quoted.append(
                                plain
                                        ? String.valueOf(c)
                                        : c == ' ' && kept.isEmpty() ? "+" : "%%%02X".formatted((int) c));
                    }
                    return quoted.toString();
                },
                budget);
    }

    private static Value xmlattr(Arguments a) {
        if (!(a.subject() instanceof Value.Dict(Map<Object, Value.Pair> pairs))) {
            throw a.bad("xmlattr needs a dictionary, not " + Values.type(a.subject()));
        }
        TextBuilder built = new TextBuilder(a.budget());
        for (Value.Pair pair : pairs.values()) {
            if (pair.value() instanceof Value.None || pair.value() instanceof Value.Undefined) {
                continue;
            }
            Text key = Values.string(pair.key(), "xmlattr", a.line());
            if (key.chars().chars().anyMatch(c -> c < 128 && (PythonText.isSpace(c) || "/>=".indexOf(c) >= 0))) {
                throw a.bad("a bad name '%s' of an attribute".formatted(key));
            }
            built.append(built.length() == 0 && !a.flag(0, true) ? "" : " ")
                    .append(htmlOf(pair.key(), a))
                    .append("=\"")
                    .append(htmlOf(pair.value(), a))
                    .append("\"");
        }
        return Value.of(built.build());
    }

    private static Text htmlOf(@Nullable Value value, Arguments a) {
        return value instanceof Value.Str(Text text, boolean safe) && safe
                ? text
                : PythonText.escaped(Repr.text(value == null ? Value.NONE : value, a.budget()), a.budget());
    }
}
