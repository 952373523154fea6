package dev.lizard.text;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The kinds of records, in the order in which they are tried: the first whose keys are all there is taken, so that keys
 * which belong to no kind or to an incomplete one never matter.
 */
enum RecordKind {
    /** A conversation: roles and contents. */
    MESSAGES(Shape.LIST, List.of("messages")),
    /** ShareGPT: {@code from} and {@code value}. */
    CONVERSATIONS(Shape.LIST, List.of("conversations", "conversation")),
    /** Stanford Alpaca, with {@code input}; Databricks Dolly, with {@code context}. */
    INSTRUCTION(Shape.TEXT, List.of("instruction"), List.of("output", "response", "answer", "completion")),
    /** A prompt taken as it is, or a list of messages; of preferences the chosen answer. */
    PROMPT(Shape.EITHER, List.of("prompt"), List.of("completion", "response", "answer", "output", "chosen")),
    QUESTION(Shape.TEXT, List.of("question", "query"), List.of("answer", "response")),
    /** Preferences without a prompt of its own. */
    CHOSEN(Shape.EITHER, List.of("chosen")),
    TEXT(Shape.TEXT, List.of("text")),
    CONTENT(Shape.TEXT, List.of("content"));

    /** What the values of a kind's keys are. */
    private enum Shape {
        TEXT,
        LIST,
        EITHER;

        boolean fits(RecordFields fields, String key) {
            return (this != LIST && fields.isText(key)) || (this != TEXT && fields.isList(key));
        }
    }

    /** All keys that a record is read for. */
    static final Set<String> KEYS = Stream.concat(
                    Arrays.stream(values()).flatMap(kind -> kind.keys.stream()).flatMap(List::stream),
                    Stream.of("input", "context", "system", "tools", "documents", "chat_template_kwargs", "role"))
            .collect(Collectors.toCollection(LinkedHashSet::new));

    private static final String EXPECTED = "the key 'text', 'content', 'instruction' (with 'output'), 'prompt' (with"
            + " 'completion' or 'response'), 'question' (with 'answer'), 'messages' or 'conversations'";

    private final Shape shape;

    @SuppressWarnings("ImmutableEnumChecker") // of List.of
    private final List<List<String>> keys;

    RecordKind(Shape shape, List<String> key) {
        this.shape = shape;
        this.keys = List.of(key);
    }

    RecordKind(Shape shape, List<String> key, List<String> answer) {
        this.shape = shape;
        this.keys = List.of(key, answer);
    }

    /**
     * The kind of a record: the first that is complete, else the first of which there is a key, which then says what is
     * missing.
     *
     * @throws LizardException INPUT where there is no key of any
     */
    static RecordKind of(RecordFields fields) {
        return Arrays.stream(values())
                .filter(kind -> kind.isComplete(fields))
                .findFirst()
                .or(() -> Arrays.stream(values())
                        .filter(kind -> kind.hasAny(fields))
                        .findFirst())
                .orElseThrow(() -> unknown(fields));
    }

    /** Whether a record is complete of any kind. */
    static boolean isKnown(RecordFields fields) {
        return Arrays.stream(values()).anyMatch(kind -> kind.isComplete(fields));
    }

    private boolean isComplete(RecordFields fields) {
        return keys.stream().allMatch(some -> some.stream().anyMatch(key -> shape.fits(fields, key)));
    }

    private boolean hasAny(RecordFields fields) {
        return keys.getFirst().stream().anyMatch(fields::has);
    }

    /** The key of this kind's {@code part}, 0 or 1: one that fits, else one that is there, else the first. */
    String key(RecordFields fields, int part) {
        return keys.get(part).stream()
                .filter(key -> shape.fits(fields, key))
                .findFirst()
                .orElse(fields.either(keys.get(part)));
    }

    /** What to throw where a record has no key of any kind. */
    static LizardException unknown(RecordFields fields) {
        List<String> names = fields.names();
        return LizardException.at(
                LizardException.Kind.INPUT,
                "unknown record",
                fields.where(),
                EXPECTED,
                names.isEmpty() ? "no key" : "'" + String.join("', '", names) + "'",
                advice(names));
    }

    /** Advice that names a key which looks like one of ours, where there is one. */
    private static String advice(List<String> names) {
        List<String> first = Arrays.stream(values())
                .flatMap(kind -> kind.keys.getFirst().stream())
                .toList();
        for (String name : names) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (KEYS.contains(name)) {
                return "give '%s' a value that is not null".formatted(name);
            }
            for (String known : Nearest.to(lower, first, first.size())) {
                if (lower.startsWith(known) || known.startsWith(lower)) {
                    return "did you mean '%s' by '%s'?".formatted(known, name);
                }
            }
        }
        return "rename its keys";
    }
}
