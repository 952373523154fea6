package dev.lizard.text;

import dev.lizard.text.pattern.Pattern;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The {@code added_tokens} of a tokenizer: found in a text before anything else, the longest that begins first. */
final class AddedTokens {
    /** {@code index} is its place in the list. */
    record Added(int index, String content, boolean special, boolean normalized, boolean lstrip) {
        /** Whether it can be taken for structure: special, or more than white space or a word of letters and digits. */
        boolean marks() {
            return special || !content.codePoints().allMatch(c -> Character.isLetterOrDigit(c) || isSpace(c));
        }

        private static boolean isSpace(int c) {
            return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u2581';
        }
    }

    /** A token in a text, characters {@code begin} to {@code end}. */
    record Found(int begin, int end, Added token) {}

    /** The tokens that count, in order, and whether the text spells others that do not. */
    record Search(List<Found> found, boolean others) {}

    private final List<Added> tokens = new ArrayList<>();
    private final Map<String, Added> raw = new HashMap<>();
    private final Map<String, Added> normalized = new HashMap<>();
    /** By first character, the lengths of the tokens that begin so. */
    private final Map<Character, TreeSet<Integer>> lengths = new HashMap<>();

    AddedTokens(JsonNode root) {
        for (JsonNode token : root.path("added_tokens")) {
            boolean special = token.path("special").asBoolean(false);
            Added added = new Added(
                    tokens.size(),
                    token.path("content").asString(""),
                    special,
                    token.path("normalized").asBoolean(!special),
                    token.path("lstrip").asBoolean(false));
            tokens.add(added);
            if (!added.content().isEmpty()) {
                (added.normalized() ? normalized : raw).put(added.content(), added);
                lengths.computeIfAbsent(added.content().charAt(0), c -> new TreeSet<>(Comparator.reverseOrder()))
                        .add(added.content().length());
            }
        }
    }

    List<Added> all() {
        return tokens;
    }

    /** Whether a token that {@link Added#marks} is looked for in normalised text, where it may be spelt otherwise. */
    boolean marksNormalized() {
        return normalized.values().stream().anyMatch(Added::marks);
    }

    /** The tokens of {@code text} that its quotes allow. */
    Search search(Rendering text) {
        List<Found> first = new ArrayList<>();
        boolean others = scan(text, 0, text.text().length(), raw, first);
        if (normalized.isEmpty()) {
            return new Search(first, others);
        }
        List<Found> all = new ArrayList<>();
        int at = 0;
        for (Found found : first) {
            others |= scan(text, at, found.begin(), normalized, all);
            all.add(found);
            at = found.end();
        }
        others |= scan(text, at, text.text().length(), normalized, all);
        return new Search(all, others);
    }

    /** Adds what is found from {@code begin} to {@code end}; true if tokens were passed over. */
    private boolean scan(Rendering text, int begin, int end, Map<String, Added> wanted, List<Found> found) {
        boolean others = false;
        int quote = 0;
        for (int at = begin; at < end; at++) {
            TreeSet<Integer> candidates = lengths.get(text.text().charAt(at));
            if (candidates == null) {
                continue;
            }
            while (quote < text.quotes().size() && text.quotes().get(quote).end() <= at) {
                quote++;
            }
            for (int length : candidates) {
                Added token = at + length > end ? null : wanted.get(text.text().substring(at, at + length));
                if (token == null) {
                    continue;
                }
                if (allowed(token, text.quotes(), quote, at + length)) {
                    found.add(new Found(at, at + length, token));
                    at += length - 1;
                    break;
                }
                others = true;
            }
        }
        return others;
    }

    /** Whether the quotes from number {@code quote} on, up to {@code end}, let {@code token} count. */
    private static boolean allowed(Added token, List<Rendering.Quote> quotes, int quote, int end) {
        for (int i = quote; i < quotes.size() && quotes.get(i).begin() < end; i++) {
            if (token.marks() && (token.special() || !quotes.get(i).spoken())) {
                return false;
            }
        }
        return true;
    }

    /** Where the tokenizer cuts before {@code found}: some tokens take the blanks before them. */
    static int cut(Found found, String text, int from) {
        int cut = found.begin();
        while (found.token().lstrip() && cut > from && Pattern.isSpace(text.charAt(cut - 1))) {
            cut--;
        }
        return cut;
    }

    @Nullable
    Added marking(String content) {
        Added token = raw.getOrDefault(content, normalized.get(content));
        return token != null && token.marks() ? token : null;
    }
}
