package dev.lizard.eval.task.written;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What of a text is its answer. */
@FunctionalInterface
public interface Extraction {
    /** What a text without an answer has instead. */
    String NONE = "[invalid]";

    /** All of it as it stands. */
    Extraction WHOLE = text -> text;

    /** All of it without spaces around. */
    Extraction STRIPPED = Patterns::stripped;

    /** The answer. */
    String of(String text);

    /**
     * A match of a pattern, or of its first group that is not empty, without spaces around; {@value #NONE} where there
     * is none. That is lm-evaluation-harness's filter {@code regex}.
     *
     * @param last takes the text's last match rather than its first
     * @throws java.util.regex.PatternSyntaxException for a pattern that is malformed
     */
    static Extraction of(String regex, boolean last) {
        Pattern pattern = Patterns.of(regex);
        return text -> {
            Matcher matcher = pattern.matcher(text);
            MatchResult found = null;
            while ((found == null || last) && matcher.find()) {
                found = matcher.toMatchResult();
            }
            return found == null ? NONE : Patterns.stripped(part(found));
        };
    }

    private static String part(MatchResult found) {
        for (int i = 1; i <= found.groupCount(); i++) {
            String group = found.group(i);
            if (group != null && !group.isEmpty()) {
                return group;
            }
        }
        return switch (found.groupCount()) {
            case 0 -> found.group();
            case 1 -> "";
            default -> NONE;
        };
    }
}
