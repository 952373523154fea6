package dev.lizard.text;

import dev.lizard.text.pattern.Pattern;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Where a text may be cut so that its parts, encoded one after another, give the ids of the whole. That is between two
 * characters which no step of the tokenizer ever looks at together: no pattern matches across them, no added token
 * spells them, and either a step always ends a word there or no piece of the vocabulary joins them. What a step is not
 * known to do counts as forbidding the cut.
 */
final class TextCuts {
    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /** Two characters that stand beside each other, and whether a word surely ends between them. */
    private record Place(int left, int right, boolean wordEnds) {
        /** The same where a text takes the place of the right one; null if it is more than a character. */
        Place with(int newLeft, int newRight) {
            return new Place(newLeft, newRight, wordEnds);
        }

        Place ending(boolean ends) {
            return new Place(left, right, wordEnds || ends);
        }
    }

    /** A step: what becomes of a place; nothing where it must not be cut. */
    private interface Step {
        List<Place> of(Place place);
    }

    private static final Step FORBIDS = place -> List.of();

    private final List<Step> steps = new ArrayList<>();
    private final Set<Long> joinedByAdded = new HashSet<>();
    private final Set<Integer> endsOfGreedy = new HashSet<>();
    private final Map<Long, Boolean> answers = new ConcurrentHashMap<>();
    private final boolean mergesWhole;
    private final JsonNode vocabulary;
    /** Neighbours inside pieces, and pieces of one character; gathered where they are asked for. */
    private @Nullable Set<Long> joinedByPieces;

    private final Set<String> single = new HashSet<>();

    TextCuts(JsonNode root) {
        normalizer(root.path("normalizer"));
        preTokenizer(root.path("pre_tokenizer"));
        for (JsonNode token : root.path("added_tokens")) {
            String content = token.path("content").asString("");
            pairs(content, joinedByAdded);
            if (token.path("rstrip").asBoolean(false) && !content.isEmpty()) {
                endsOfGreedy.add(content.codePointBefore(content.length()));
            }
        }
        JsonNode model = root.path("model");
        mergesWhole = model.path("merges").isArray()
                && model.path("continuing_subword_prefix").asString("").isEmpty()
                && model.path("end_of_word_suffix").asString("").isEmpty()
                && !model.path("ignore_merges").asBoolean(false);
        vocabulary = model.path("vocab");
    }

    /** Whether no piece joins the two, and both are pieces themselves, so that they are not unknown together. */
    private synchronized boolean apartInPieces(int left, int right) {
        if (joinedByPieces == null) {
            joinedByPieces = new HashSet<>();
            for (String piece : vocabulary.propertyNames()) {
                pairs(piece, joinedByPieces);
                if (piece.codePointCount(0, piece.length()) == 1) {
                    single.add(piece);
                }
            }
        }
        return !joinedByPieces.contains(pair(left, right))
                && single.contains(Character.toString(left))
                && single.contains(Character.toString(right));
    }

    private static void pairs(String text, Set<Long> pairs) {
        int before = -1;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (before >= 0) {
                pairs.add(pair(before, c));
            }
            before = c;
            i += Character.charCount(c);
        }
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }

    /** The last cut before {@code to} and after {@code from}, as the index of what follows it; -1 where there is none. */
    int last(CharSequence text, int from, int to) {
        for (int at = to - 1; at > from; at--) {
            char right = text.charAt(at);
            if (!separates(right)) {
                continue;
            }
            int left = Character.codePointBefore(text, at);
            if (answers.computeIfAbsent(pair(left, right), p -> allows(left, right))) {
                return at;
            }
        }
        return -1;
    }

    /** Signs that join nothing to what stands before them, in any form of Unicode's normalisation. */
    private static boolean separates(char c) {
        if (c < 128) {
            return !Character.isLetterOrDigit(c);
        }
        return switch (Character.getType(c)) {
            case Character.SPACE_SEPARATOR,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.OTHER_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION -> true;
            default -> false;
        };
    }

    private boolean allows(int left, int right) {
        if (joinedByAdded.contains(pair(left, right)) || (endsOfGreedy.contains(left) && Pattern.isSpace(right))) {
            return false;
        }
        Place place = new Place(left, right, false);
        for (Step step : steps) {
            List<Place> next = step.of(place);
            if (next.isEmpty()) {
                return false;
            }
            place = next.getFirst();
        }
        if (joinedByAdded.contains(pair(place.left, place.right))) {
            return false;
        }
        return place.wordEnds || (mergesWhole && apartInPieces(place.left, place.right));
    }

    // ---- normalizers
    // -------------------------------------------------------------------------------------------------

    private void normalizer(JsonNode step) {
        switch (step.path("type").asString("none")) {
            // What is put before a text is not put before its other parts; what is taken off its ends is no
            // separator's.
            case "none", "Prepend" -> {}
            case "Strip" -> steps.add(place -> Pattern.isSpace(place.left) ? List.of() : List.of(place));
            case "Sequence" -> step.path("normalizers").forEach(this::normalizer);
            case "NFC" -> normalForm(Normalizer.Form.NFC);
            case "NFD" -> normalForm(Normalizer.Form.NFD);
            case "NFKC" -> normalForm(Normalizer.Form.NFKC);
            case "NFKD" -> normalForm(Normalizer.Form.NFKD);
            case "Lowercase" -> mapped(text -> text.toLowerCase(Locale.ROOT));
            case "Replace" -> replace(step);
            default -> steps.add(FORBIDS);
        }
    }

    private void normalForm(Normalizer.Form form) {
        mapped(text -> Normalizer.normalize(text, form));
    }

    /** A step that changes each character by itself, but for those that join with marks. */
    private void mapped(UnaryOperator<String> map) {
        steps.add(place -> {
            String left = map.apply(Character.toString(place.left));
            String right = map.apply(Character.toString(place.right));
            return place.left > 0x2FF && !Character.isLetterOrDigit(place.left) && !separates((char) place.left)
                    ? List.of()
                    : List.of(place.with(left.codePointBefore(left.length()), right.codePointAt(0)));
        });
    }

    private void replace(JsonNode step) {
        JsonNode text = step.path("pattern").path("String");
        String content = step.path("content").asString("");
        if (!text.isString() || content.codePointCount(0, content.length()) != 1) {
            steps.add(FORBIDS);
            return;
        }
        String sought = text.asString();
        boolean one = sought.codePointCount(0, sought.length()) == 1;
        steps.add(place -> {
            int left = place.left;
            int right = place.right;
            if (!one) {
                // Longer texts are understood where they touch neither side.
                return sought.indexOf(left) >= 0 || sought.indexOf(right) >= 0 ? List.of() : List.of(place);
            }
            int old = sought.codePointAt(0);
            int now = content.codePointAt(0);
            return List.of(place.with(left == old ? now : left, right == old ? now : right));
        });
    }

    // ---- pre-tokenizers
    // ----------------------------------------------------------------------------------------------

    private void preTokenizer(JsonNode step) {
        boolean first = steps.stream().noneMatch(Splitter.class::isInstance);
        switch (step.path("type").asString("none")) {
            case "none" -> {}
            case "Sequence" -> step.path("pretokenizers").forEach(this::preTokenizer);
            case "Split" -> split(step);
            case "Digits" -> splitter(place -> List.of(place.ending(isDigit(place.left) != isDigit(place.right))));
            case "WhitespaceSplit" -> splitter(TextCuts::endsAtSpace);
            case "ByteLevel" -> {
                if (step.path("add_prefix_space").asBoolean(true) && !first) {
                    steps.add(FORBIDS); // it puts a space before every word
                } else if (step.path("use_regex").asBoolean(true)) {
                    splitter(place -> cutBy(Holder.GPT2_PATTERN, place));
                }
                // Its bytes are pieces of their own; what a vocabulary joins it spells in another alphabet.
                splitter(place -> place.wordEnds ? List.of(place) : List.of());
            }
            case "Metaspace" -> metaspace(step, first);
            default -> steps.add(FORBIDS);
        }
    }

    /** A step that makes words. */
    private interface Splitter extends Step {}

    private void splitter(Splitter step) {
        steps.add(step);
    }

    private static boolean isDigit(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    private static List<Place> endsAtSpace(Place place) {
        return List.of(place.ending(Pattern.isSpace(place.right)));
    }

    private void metaspace(JsonNode step, boolean first) {
        String mark = step.path("replacement").asString("");
        if (!first || mark.codePointCount(0, mark.length()) != 1) {
            steps.add(FORBIDS); // it puts a mark before every word
            return;
        }
        boolean splits = step.path("split").asBoolean(true);
        int sign = mark.codePointAt(0);
        splitter(place -> {
            int left = place.left == ' ' ? sign : place.left;
            int right = place.right == ' ' ? sign : place.right;
            return List.of(place.with(left, right).ending(splits && right == sign));
        });
    }

    private void split(JsonNode step) {
        JsonNode text = step.path("pattern").path("String");
        Pattern pattern = text.isString()
                ? Pattern.literal(text.asString())
                : Pattern.known(step.path("pattern").path("Regex").asString(""));
        boolean inverted = step.path("invert").asBoolean(true);
        switch (step.path("behavior").asString("")) {
            case "Isolated", "Removed" -> splitter(place -> cutBy(pattern, place));
            case "MergedWithPrevious" -> splitter(place -> inverted ? List.of() : endsAfter(pattern, place));
            default -> steps.add(FORBIDS);
        }
    }

    /** A word is what lies between two matches, with the second. */
    private static List<Place> endsAfter(Pattern pattern, Place place) {
        return pattern.parts(place.left, place.right) ? List.of(place.ending(pattern.takes(place.left))) : List.of();
    }

    private static List<Place> cutBy(Pattern pattern, Place place) {
        return pattern.parts(place.left, place.right)
                ? List.of(place.ending(pattern.takes(place.left) || pattern.takes(place.right)))
                : List.of();
    }

    private static final class Holder {
        static final Pattern GPT2_PATTERN = Pattern.known(GPT2);
    }
}
