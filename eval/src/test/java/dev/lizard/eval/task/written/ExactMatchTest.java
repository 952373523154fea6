package dev.lizard.eval.task.written;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values of lm-evaluation-harness 0.4.13: its filter {@code regex} and its {@code exact_match}. */
class ExactMatchTest {
    private static final String GOLD =
            "She sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\nShe makes 9 * 2 = $<<9*2=18>>18.\n#### 1,018";
    private static final Cleaning NUMBERS = Cleaning.of(List.of(",", "\\$", "(?s).*#### ", "\\.$"), true, false);
    private static final Extraction STRICT = Extraction.of("#### (\\-?[0-9\\.\\,]+)", false);
    private static final Extraction FLEXIBLE = Extraction.of("(-?[$0-9.,]{2,})|(-?[0-9]+)", true);
    private static final Cleaning WORDS = Cleaning.of(List.of(), true, true);
    private static final Cleaning WORDS_WITHOUT_ARTICLES =
            Cleaning.of(List.of("\\b(?:The |the |An |A |The |a |an )"), true, true);

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', textBlock = """
        `She makes $1018./#### 1018`  | 1018      | 1 | 1018      | 1
        `... #### 1,018.`             | 1,018.    | 1 | 1,018.    | 1
        `#### $1018`                  | [invalid] | 0 | $1018     | 1
        `It is $1,018.00`             | [invalid] | 0 | $1,018.00 | 0
        `the answer is 1018.`         | [invalid] | 0 | 1018.     | 1
        `7`                           | [invalid] | 0 | 7         | 0
        `none`                        | [invalid] | 0 | [invalid] | 0
        `#### -5 and #### 1018`       | -5        | 0 | 1018      | 1
        `1,018 or 3`                  | [invalid] | 0 | 3         | 0
        `#### 1018//`                 | 1018      | 1 | 1018      | 1
        `costs $. so ...`             | [invalid] | 0 | ...       | 0
        `#### .`                      | .         | 0 | [invalid] | 0
        `18$ 1018`                    | [invalid] | 0 | 1018      | 1
        """)
    void numbersAreTakenFromWhatWasWritten(
            String text, String strict, double strictly, String flexible, double flexibly) {
        String written = " " + text.replace('/', '\n');
        List<List<String>> right = List.of(List.of(GOLD));
        assertThat(STRICT.of(written)).isEqualTo(strict);
        assertThat(FLEXIBLE.of(written)).isEqualTo(flexible);
        assertThat(new WrittenMetric(STRICT, NUMBERS, Comparison.EXACT).of(written, right))
                .isEqualTo(strictly);
        assertThat(new WrittenMetric(FLEXIBLE, NUMBERS, Comparison.EXACT).of(written, right))
                .isEqualTo(flexibly);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', textBlock = """
        The Beatles            | beatles             | 1 | 0
        a.b. c                 | AB C                | 1 | 1
        THE BEATLES            | the Beatles         | 0 | 1
        Theatre an der Wien    | theatre der wien    | 1 | 0
        `New  York`            | New York            | 0 | 0
        l'été                  | lété                | 1 | 1
        Steven "Steve" Hale    | steven steve hale   | 1 | 1
        “x”                    | x                   | 0 | 0
        bathe a                | bathe a             | 1 | 1
        Panama Canal           | the Panama Canal    | 1 | 0
        """)
    void wordsAreComparedAfterCleaning(String written, String right, double withoutArticles, double withArticles) {
        assertThat(exact(WORDS_WITHOUT_ARTICLES, written, right)).isEqualTo(withoutArticles);
        assertThat(exact(WORDS, written, right)).isEqualTo(withArticles);
    }

    @ParameterizedTest
    @CsvSource({"garden, garden, 1", "' garden', garden, 0", "Garden, garden, 0"})
    void withoutCleaningAllCounts(String written, String right, double exact) {
        assertThat(exact(Cleaning.NONE, written, right)).isEqualTo(exact);
    }

    private static double exact(Cleaning cleaning, String written, String right) {
        List<List<String>> either = List.of(List.of("something else"), List.of(right));
        return new WrittenMetric(Extraction.WHOLE, cleaning, Comparison.EXACT).of(written, either);
    }
}
