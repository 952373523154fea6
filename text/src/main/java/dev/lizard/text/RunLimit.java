package dev.lizard.text;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.text.pattern.Pattern;
import dev.lizard.text.pattern.UnknownPattern;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a tokenizer's expressions from running for ever. Most take time in proportion to any text; some read a run of
 * digits or of spaces once for each of its characters, so texts with a very long one are refused.
 */
final class RunLimit {
    /** With this many characters in a row a slow expression takes about a second. */
    static final int LONGEST = 10_000;

    /** An expression, and what becomes of a text before it gets there. */
    private record Watched(Pattern pattern, List<UnaryOperator<String>> before) {}

    private final List<Watched> watched = new ArrayList<>();
    private final List<UnaryOperator<String>> changes = new ArrayList<>();
    private @Nullable String unfollowed;

    /**
     * Examines all expressions of a tokenizer file whose steps are known ({@link StepChecks}).
     *
     * @throws LizardException INPUT where one may run for ever
     */
    RunLimit(Section file) {
        normalizer(file.at("normalizer"));
        preTokenizer(file.at("pre_tokenizer"));
    }

    /** Refuses {@code text} where its runs are too long; {@code where} names the tokenizer. */
    void check(String text, String where) {
        for (Watched one : watched) {
            String read = text;
            for (UnaryOperator<String> change : one.before) {
                read = change.apply(read);
            }
            Pattern.Run run = one.pattern.longestRun(read);
            if (run.length() > LONGEST) {
                throw LizardException.input(
                        ("text with a run too long for the tokenizer of %s: expected at most %,d characters of a kind"
                                        + " in a row but found %,d from %s on; shorten the run")
                                .formatted(where, LONGEST, run.length(), Json.line(run.beginning())));
            }
        }
    }

    private void normalizer(Section step) {
        switch (step.type()) {
            case "none", "Strip" -> {}
            case "Sequence" -> each(step.at("normalizers"), this::normalizer);
            case "NFC", "NFD", "NFKC", "NFKD" -> {
                Normalizer.Form form = Normalizer.Form.valueOf(step.type());
                changes.add(text -> Normalizer.normalize(text, form));
            }
            case "Lowercase" -> changes.add(text -> text.toLowerCase(Locale.ROOT));
            case "Prepend" -> {
                String before = step.at("prepend").text();
                changes.add(text -> before + text);
            }
            case "Replace" -> {
                Section pattern = step.at("pattern");
                if (isExpression(pattern)) {
                    watch(pattern.at("Regex"));
                    unfollowed = step.where();
                } else {
                    String old = pattern.at("String").text();
                    String now = step.at("content").text();
                    changes.add(text -> text.replace(old, now));
                }
            }
            default -> unfollowed = step.where();
        }
    }

    /** Steps that make words leave their characters as they are, but for two. */
    private void preTokenizer(Section step) {
        switch (step.type()) {
            case "Sequence" -> each(step.at("pretokenizers"), this::preTokenizer);
            case "Split" -> {
                if (isExpression(step.at("pattern"))) {
                    watch(step.at("pattern").at("Regex"));
                }
            }
            case "ByteLevel", "Metaspace" -> unfollowed = step.where();
            default -> {}
        }
    }

    private interface Visit {
        void of(Section part);
    }

    private static void each(Section steps, Visit visit) {
        for (int i = 0; i < steps.node().size(); i++) {
            visit.of(steps.at(i));
        }
    }

    private static boolean isExpression(Section pattern) {
        return !pattern.node().has("String");
    }

    private void watch(Section regex) {
        Pattern pattern;
        try {
            pattern = Pattern.of(regex.text());
        } catch (UnknownPattern bad) {
            throw unsafe(regex, bad.getMessage());
        }
        if (pattern.rereads() && unfollowed != null) {
            throw unsafe(regex, "one that reads long runs again and again, after " + unfollowed);
        }
        if (pattern.rereads()) {
            watched.add(new Watched(pattern, List.copyOf(changes)));
        }
    }

    private static LizardException unsafe(Section regex, @Nullable String found) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "unsafe pattern",
                regex.where(),
                "an expression whose time to match is known to be bounded",
                String.valueOf(found),
                "use a model with another tokenizer");
    }
}
