package dev.lizard.eval.task.written;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What does not count when answers are compared word for word: first what the patterns match is taken out, in their
 * order, then capitals are made small, then ASCII punctuation is taken out.
 */
public record Cleaning(List<Pattern> ignored, boolean ignoresCase, boolean ignoresPunctuation) {
    /** All counts. */
    public static final Cleaning NONE = of(List.of(), false, false);

    private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");

    public Cleaning {
        ignored = List.copyOf(ignored);
    }

    /**
     * Of the patterns' texts.
     *
     * @throws java.util.regex.PatternSyntaxException for one that is malformed
     */
    public static Cleaning of(List<String> ignored, boolean ignoresCase, boolean ignoresPunctuation) {
        return new Cleaning(ignored.stream().map(Patterns::of).toList(), ignoresCase, ignoresPunctuation);
    }

    public String of(String text) {
        String left = text;
        for (Pattern pattern : ignored) {
            left = pattern.matcher(left).replaceAll("");
        }
        left = ignoresCase ? left.toLowerCase(Locale.ROOT) : left;
        return ignoresPunctuation ? withoutPunctuation(left) : left;
    }

    static String withoutPunctuation(String text) {
        return PUNCTUATION.matcher(text).replaceAll("");
    }
}
