package dev.lizard.eval.task.written;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The comparison of SQuAD's official script: small letters, no ASCII punctuation, no English articles, one space
 * between words. F1 is that of the two bags of words:
 *
 * <pre>
 *   F1 = 2 P R / (P + R)      P = |written ∩ gold| / |written|      R = |written ∩ gold| / |gold|
 * </pre>
 */
final class SquadWords {
    private static final Pattern ARTICLES = Patterns.of("\\b(a|an|the)\\b");

    private SquadWords() {}

    static String normal(String text) {
        String plain = Cleaning.withoutPunctuation(text.toLowerCase(Locale.ROOT));
        return Patterns.words(ARTICLES.matcher(plain).replaceAll(" "));
    }

    /** Where one of them has no words, whether the other has none either. */
    static double f1(String written, String gold) {
        List<String> ours = bag(written);
        List<String> theirs = bag(gold);
        if (ours.isEmpty() || theirs.isEmpty()) {
            return ours.equals(theirs) ? 1 : 0;
        }
        Map<String, Integer> left = new HashMap<>();
        theirs.forEach(word -> left.merge(word, 1, Integer::sum));
        int common = 0;
        for (String word : ours) {
            int count = left.getOrDefault(word, 0);
            if (count > 0) {
                common++;
                left.put(word, count - 1);
            }
        }
        if (common == 0) {
            return 0;
        }
        double precision = (double) common / ours.size();
        double recall = (double) common / theirs.size();
        return 2 * precision * recall / (precision + recall);
    }

    private static List<String> bag(String text) {
        String normal = normal(text);
        return normal.isEmpty() ? List.of() : List.of(normal.split(" "));
    }
}
