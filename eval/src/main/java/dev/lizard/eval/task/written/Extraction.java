package dev.lizard.eval.task.written;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What of a text is its answer: a match of a pattern, or of its first group that is not empty, without spaces around;
 * {@value #NONE} where there is none. That is the harness's filter {@code regex}.
 *
 * @param last takes the text's last match rather than its first
 */
public record Extraction(Pattern pattern, boolean last) {
    /** Equal to no answer. */
    public static final String NONE = "[invalid]";

    /** All of the text. */
    public static final Extraction WHOLE = new Extraction(Patterns.of("(?s)\\A.*\\z"), false);

    /**
     * Of a pattern's text.
     *
     * @throws java.util.regex.PatternSyntaxException for one that is malformed
     */
    public static Extraction of(String regex, boolean last) {
        return new Extraction(Patterns.of(regex), last);
    }

    public String of(String text) {
        if (this == WHOLE) {
            return text;
        }
        Matcher matcher = pattern.matcher(text);
        MatchResult found = null;
        while ((found == null || last) && matcher.find()) {
            found = matcher.toMatchResult();
        }
        return found == null ? NONE : Patterns.stripped(part(found));
    }

    private static String part(MatchResult found) {
        if (found.groupCount() == 0) {
            return found.group();
        }
        for (int i = 1; i <= found.groupCount(); i++) {
            String group = found.group(i);
            if (group != null && !group.isEmpty()) {
                return group;
            }
        }
        return found.groupCount() == 1 ? "" : NONE;
    }
}
