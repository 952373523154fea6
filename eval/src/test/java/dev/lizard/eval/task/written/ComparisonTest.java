package dev.lizard.eval.task.written;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComparisonTest {
    /** Values of transformers' {@code squad_metrics}, which lm-evaluation-harness uses. */
    @ParameterizedTest
    @CsvSource({
        "' 23 years', 23, 0, 0.6666666666666666",
        "The Eiffel Tower, eiffel tower, 1, 1",
        "in the U.S., US, 0, 0.6666666666666666",
        "a, the, 1, 1",
        "'', x, 0, 0",
        "x, '', 0, 0",
        "the cat the cat, cat cat dog, 0, 0.8",
        "'San Francisco, California', ' San Francisco', 0, 0.8",
        "anthem, an them, 0, 0",
        "l’an deux, l’ deux, 1, 1",
        "twenty-three, twentythree, 1, 1",
        "a\u00a0b, b, 1, 1",
        "one two two three, two two two, 0, 0.5714285714285715"
    })
    void wordsOfSquad(String written, String right, double exact, double f1) {
        assertThat(Comparison.SQUAD_EXACT.of(written, List.of(right))).isEqualTo(exact);
        assertThat(Comparison.SQUAD_F1.of(written, List.of(right))).isCloseTo(f1, within(1e-15));
    }

    /** Two of three words in common with four: P = 2/3, R = 2/4, F1 = 4/7. */
    @Test
    void f1ByHand() {
        assertThat(Comparison.SQUAD_F1.of("red green blue", List.of("green, blue, black, white")))
                .isCloseTo(4.0 / 7, within(1e-15));
    }

    /** Values of lm-evaluation-harness's {@code drop}; spans are parted by a slash. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ' swedish'             | swedish        | 1 | 1
        ' The Swedish people.' | swedish        | 0 | 0.67
        ' 1507'                | 1507           | 1 | 1
        ' 1,507'               | 1507           | 1 | 1
        ' 1507.0 people'       | 1507           | 0 | 0.67
        ' about 1500 men'      | 1507           | 0 | 0
        ' men'                 | 1507 men       | 0 | 0
        ' Washington and Lee'  | Washington/Lee | 0 | 0.25
        ' 50%'                 | 50             | 1 | 1
        ' 3-1'                 | 3/1            | 0 | 0.33
        ' the'                 | a              | 1 | 1
        ''                     | x              | 0 | 0
        ' two touchdowns'      | 2 touchdowns   | 0 | 0
        ' 1e3 yards'           | 1000 yards     | 1 | 1
        ' 1_000'               | 1000           | 1 | 1
        ' infinity war'        | inf war        | 1 | 1
        ' .5'                  | 0.5            | 1 | 1
        ' $5.00'               | 5              | 0 | 0
        ' well-known author'   | well known     | 0 | 0.8
        ' 12 May 1862'         | 12 May 1862    | 1 | 1
        ' nan'                 | NaN            | 1 | 1
        '７ cats'              | 7 cats         | 1 | 1
        ' a b c d e f g'       | b/c x/h        | 0 | 0.1
        """)
    void numbersAndSpansOfDrop(String written, String right, double exact, double f1) {
        List<String> spans = List.of(right.split("/"));
        assertThat(Comparison.DROP_EXACT.of(written, spans)).isEqualTo(exact);
        assertThat(Comparison.DROP_F1.of(written, spans)).isEqualTo(f1);
    }

    /** What Python makes of {@code str(float(word))}; a word that is no number is left. */
    @ParameterizedTest
    @CsvSource({
        "1e16, 1e+16",
        "123456789012345678, 1.2345678901234568e+17",
        "0.00001, 1e-05",
        "0.0001, 0.0001",
        "1e999, inf",
        "-0, -0.0",
        "2.50, 2.5",
        "1_0.5, 10.5",
        "1__0, ",
        "+3, 3.0",
        "5., 5.0",
        "1e, ",
        "0x10, ",
        "infinit, ",
        "1e-7, 1e-07",
        "١٢, 12.0"
    })
    void numbersLookAlike(String word, @Nullable String shown) {
        OptionalDouble number = Numerals.parse(word);
        assertThat(number.isPresent()).isEqualTo(shown != null);
        number.ifPresent(value -> assertThat(Numerals.shown(value)).isEqualTo(shown));
    }

    /** Values of lm-evaluation-harness's {@code squad_completion}. */
    @ParameterizedTest
    @CsvSource({
        "' it was The Beatles.', the beatles, 1",
        "ÉTÉ, été, 1",
        "a+b, A+B, 1",
        "ab, a.b, 0",
        "STRASSE, straße, 0"
    })
    void partOfWhatWasWritten(String written, String right, double contained) {
        assertThat(Comparison.CONTAINS.of(written, List.of(right))).isEqualTo(contained);
    }

    @Test
    void wordsAreFoundWithoutArticlesAndPunctuation() {
        assertThat(Comparison.CONTAINS_WORDS.of(" It was U.S. Grant, the general", List.of("The US Grant")))
                .isEqualTo(1);
        assertThat(Comparison.CONTAINS_WORDS.of(" It was Lee", List.of("Grant")))
                .isEqualTo(0);
    }

    @Test
    void theBestOfSeveralRightAnswersCounts() {
        List<List<String>> right = List.of(List.of("dog"), List.of("black cat"), List.of("cat"));
        assertThat(Comparison.SQUAD_F1.best("the black cat", right)).isEqualTo(1);
        assertThat(Comparison.DROP_F1.best("cat dog", right)).isEqualTo(0.67);
    }
}
