package dev.lizard.eval.task;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import dev.lizard.eval.task.written.Cleaning;
import dev.lizard.eval.task.written.Comparison;
import dev.lizard.eval.task.written.Extraction;
import dev.lizard.eval.task.written.WrittenMetric;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * How a task file has a written answer compared.
 *
 * @param name of the measure
 * @param compare with each right answer; the best counts
 * @param extract a pattern: the answer is its match, or that of its first group that is not empty
 * @param take which match
 * @param strip takes spaces around what was written away
 * @param ignore patterns whose matches do not count
 */
record ScoreFile(
        String name,
        @Setting(byDefault = "exact") Comparison compare,
        @Nullable String extract,
        @Setting(byDefault = "first") Take take,
        @Setting(byDefault = "false") boolean strip,
        @Setting(byDefault = "[]") List<String> ignore,
        @Setting(byDefault = "false") boolean ignoreCase,
        @Setting(byDefault = "false") boolean ignorePunctuation) {
    /** Which match of a pattern. */
    enum Take {
        FIRST,
        LAST
    }

    ScoreFile {
        if (extract != null && strip) {
            throw new BadSetting("strip", "it has no effect beside 'extract'; take it out");
        }
        if (extract == null && take == Take.LAST) {
            throw new BadSetting("take", "it has no effect without 'extract'; take it out");
        }
        if (compare != Comparison.EXACT && (!ignore.isEmpty() || ignoreCase || ignorePunctuation)) {
            throw new BadSetting(
                    ignore.isEmpty() ? ignoreCase ? "ignore_case" : "ignore_punctuation" : "ignore",
                    "it is for 'compare: exact' alone, others have rules of their own; take it out");
        }
        var _ = extraction(extract, take, strip);
        var _ = cleaning(ignore, ignoreCase, ignorePunctuation);
    }

    WrittenMetric metric() {
        return new WrittenMetric(
                extraction(extract, take, strip), cleaning(ignore, ignoreCase, ignorePunctuation), compare);
    }

    private static Extraction extraction(@Nullable String extract, Take take, boolean strip) {
        if (extract == null) {
            return strip ? Extraction.STRIPPED : Extraction.WHOLE;
        }
        try {
            return Extraction.of(extract, take == Take.LAST);
        } catch (PatternSyntaxException e) {
            throw badPattern("extract", e);
        }
    }

    private static Cleaning cleaning(List<String> ignore, boolean ignoreCase, boolean ignorePunctuation) {
        try {
            return Cleaning.of(ignore, ignoreCase, ignorePunctuation);
        } catch (PatternSyntaxException e) {
            throw badPattern("ignore", e);
        }
    }

    private static BadSetting badPattern(String key, PatternSyntaxException e) {
        return new BadSetting(
                key,
                "expected a regular expression but found '%s' (%s); correct it"
                        .formatted(e.getPattern(), e.getDescription()));
    }
}
