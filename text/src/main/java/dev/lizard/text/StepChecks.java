package dev.lizard.text;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Examines the steps of a {@code tokenizer.json} (normalizers, pre-tokenizers and the like) before the native library
 * sees them: what is wrong there may end the process. {@link RunLimit} examines their expressions.
 */
final class StepChecks {
    /** Sequences in sequences; the library counts on its stack. */
    private static final int DEEPEST = 8;

    private static final Map<String, List<String>> NORMALIZERS = Map.ofEntries(
            Map.entry("Sequence", List.of("normalizers")),
            Map.entry("BertNormalizer", List.of("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")),
            Map.entry("Strip", List.of("strip_left", "strip_right")),
            Map.entry("StripAccents", List.of()),
            Map.entry("NFC", List.of()),
            Map.entry("NFD", List.of()),
            Map.entry("NFKC", List.of()),
            Map.entry("NFKD", List.of()),
            Map.entry("Lowercase", List.of()),
            Map.entry("Nmt", List.of()),
            Map.entry("ByteLevel", List.of()),
            Map.entry("Precompiled", List.of("precompiled_charsmap")),
            Map.entry("Replace", List.of("pattern", "content")),
            Map.entry("Prepend", List.of("prepend")));

    private static final Map<String, List<String>> PRE_TOKENIZERS = Map.ofEntries(
            Map.entry("Sequence", List.of("pretokenizers")),
            Map.entry("ByteLevel", List.of("add_prefix_space", "trim_offsets", "use_regex")),
            Map.entry("Metaspace", List.of("replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep")),
            Map.entry("Split", List.of("pattern", "behavior", "invert")),
            Map.entry("Digits", List.of("individual_digits")),
            Map.entry("Punctuation", List.of("behavior")),
            Map.entry("CharDelimiterSplit", List.of("delimiter")),
            Map.entry("FixedLength", List.of("length")),
            Map.entry("BertPreTokenizer", List.of()),
            Map.entry("Whitespace", List.of()),
            Map.entry("WhitespaceSplit", List.of()),
            Map.entry("UnicodeScripts", List.of()));

    private StepChecks() {}

    static void check(Section root) {
        normalizer(root.at("normalizer"), 0);
        preTokenizer(root.at("pre_tokenizer"), 0);
    }

    private static void normalizer(Section step, int depth) {
        if (step.absent()) {
            return;
        }
        known(step, NORMALIZERS, depth);
        switch (step.type()) {
            case "Sequence" -> each(step.at("normalizers"), part -> normalizer(part, depth + 1));
            case "Precompiled" -> Charsmap.check(step.at("precompiled_charsmap"));
            case "Replace" -> {
                pattern(step.at("pattern"));
                step.at("content").text();
            }
            case "Prepend" -> nonEmpty(step.at("prepend"));
            case "Strip" -> {
                step.at("strip_left").flag();
                step.at("strip_right").flag();
            }
            default -> {
                // The library refuses what is wrong in these by itself.
            }
        }
    }

    private static void preTokenizer(Section step, int depth) {
        if (step.absent()) {
            return;
        }
        known(step, PRE_TOKENIZERS, depth);
        switch (step.type()) {
            case "Sequence" -> each(step.at("pretokenizers"), part -> preTokenizer(part, depth + 1));
            case "Split" -> pattern(step.at("pattern"));
            case "FixedLength" -> step.at("length").whole(1, Integer.MAX_VALUE);
            case "CharDelimiterSplit" -> nonEmpty(step.at("delimiter"));
            case "Metaspace" -> nonEmpty(step.at("replacement"));
            default -> {
                // The library refuses what is wrong in these by itself.
            }
        }
    }

    private interface Check {
        void of(Section part);
    }

    private static void each(Section steps, Check check) {
        steps.list();
        for (int i = 0; i < steps.node().size(); i++) {
            Section part = steps.at(i);
            part.object();
            check.of(part);
        }
    }

    private static void known(Section step, Map<String, List<String>> kinds, int depth) {
        step.object();
        if (depth > DEEPEST) {
            throw step.wrong("at most %d sequences in each other".formatted(DEEPEST), "more");
        }
        List<String> keys = kinds.get(step.type());
        if (keys == null) {
            throw unknown(step, kinds.keySet());
        }
        step.spells(keys.toArray(String[]::new));
    }

    /** What to throw for a type that nobody knows. */
    static LizardException unknown(Section step, Collection<String> kinds) {
        List<String> sorted = kinds.stream().sorted().toList();
        return LizardException.at(
                LizardException.Kind.INPUT,
                "unknown type",
                step.where() + "/type",
                String.join(", ", sorted),
                "'" + step.type() + "'",
                Nearest.hintOr(step.type(), sorted, "use a model whose tokenizer has these steps only"));
    }

    private static void nonEmpty(Section text) {
        if (text.text().isEmpty()) {
            throw text.wrong("a text", "an empty one");
        }
    }

    /** {@code {"String": s}} is found as it is, {@code {"Regex": s}} is an expression. */
    private static void pattern(Section pattern) {
        pattern.object();
        if (pattern.node().has("String")) {
            nonEmpty(pattern.at("String"));
            return;
        }
        pattern.at("Regex").text();
    }
}
