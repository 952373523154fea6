package dev.lizard.eval.task.written;

import static java.util.function.Predicate.not;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The comparison of DROP's official script with an answer of one or more spans. Words are parted at spaces and hyphens,
 * in small letters, without punctuation and articles; numbers are written alike. What was written is one span, so of an
 * answer's spans it is set beside the one it fits best:
 *
 * <pre>
 *   F1 = max over spans g of F1(set of written words, set of words of g) / number of spans, rounded to 0.01
 * </pre>
 *
 * <p>where a span with numbers counts only if one of them was written.
 */
final class DropWords {
    private static final Pattern PARTS = Pattern.compile("[ -]");
    private static final Pattern ARTICLES = Patterns.of("\\b(a|an|the)\\b");

    private DropWords() {}

    static double f1(String written, List<String> spans) {
        Set<String> ours = bag(written);
        double best = 0;
        for (String span : spans) {
            Set<String> theirs = bag(span);
            if (numbersFit(theirs, ours)) {
                best = Math.max(best, f1(ours, theirs));
            }
        }
        return Math.rint(best / spans.size() * 100) / 100;
    }

    static String normal(String text) {
        return Arrays.stream(PARTS.split(text, -1))
                .map(word -> alike(word.toLowerCase(Locale.ROOT)))
                .filter(not(String::isEmpty))
                .collect(Collectors.joining(" "));
    }

    private static String alike(String word) {
        String plain = Numerals.parse(word).isPresent() ? word : Cleaning.withoutPunctuation(word);
        var number = Numerals.parse(plain);
        String shown = number.isPresent() ? Numerals.shown(number.getAsDouble()) : plain;
        return Patterns.words(ARTICLES.matcher(shown).replaceAll(" "));
    }

    private static Set<String> bag(String text) {
        String normal = normal(text);
        return normal.isEmpty() ? Set.of() : new HashSet<>(List.of(normal.split(" ")));
    }

    private static boolean numbersFit(Set<String> gold, Set<String> written) {
        Set<String> numbers =
                gold.stream().filter(word -> Numerals.parse(word).isPresent()).collect(Collectors.toSet());
        return numbers.isEmpty() || numbers.stream().anyMatch(written::contains);
    }

    private static double f1(Set<String> written, Set<String> gold) {
        double common = written.stream().filter(gold::contains).count();
        double precision = written.isEmpty() ? 1 : common / written.size();
        double recall = gold.isEmpty() ? 1 : common / gold.size();
        return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }
}
