package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** Expressions that read a run once for each of its characters. */
class RunLimitTest {
    private static final String SPACES = TokenStreamTest.regex("\\s+$", "Isolated", false);

    /** Single bytes, and words that are pieces only as a whole: 234 is 260, 567 261, two spaces 262. */
    private static Tokenizer open(Consumer<ObjectNode> change, String... steps) {
        ObjectNode root = TinyTokenizer.json();
        root.set("pre_tokenizer", TokenStreamTest.split(steps).path("pre_tokenizer"));
        root.withObject("/model").put("ignore_merges", true);
        root.withObject("/model/vocab").put("234", 260).put("567", 261).put("\u0120\u0120", 262);
        root.putNull("normalizer");
        change.accept(root);
        return Tokenizers.fromJson(root.toString(), TokenizerSettings.none(), "x.json");
    }

    private static void assertRefused(Tokenizer tokenizer, String text, String found) {
        assertThatThrownBy(() -> tokenizer.encode(text, true))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessage(
                        "text with a run too long for the tokenizer of x.json: expected at most 10,000 characters of"
                                + " a kind in a row but found " + found + " on; shorten the run");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                TokenStreamTest.RIGHT_TO_LEFT + "~4",
                TokenStreamTest.TO_WORD_END + "~4",
                "(?=(\\d{3})+(?!\\d))~6" // the last three and what follows are one word
            })
    void digitsAreGroupedFromTheRightUpToALengthThatIsSaid(String regex, int perNumber) {
        try (Tokenizer tokenizer = open(root -> {}, TokenStreamTest.regex(regex, "Isolated", false))) {
            assertThat(tokenizer.encode("1234567", false)).containsExactly('1', 260, 261);
            assertThat(tokenizer.encode("1" + "234".repeat(1000), false))
                    .hasSize(1001)
                    .endsWith(260, 260);
            assertRefused(tokenizer, "x" + "1".repeat(100_000), "100,000 from \"1111111111\"");
            assertThat(tokenizer.encode("1234567 ".repeat(40_000), false)).hasSize(perNumber * 40_000);
        }
    }

    @Test
    void spacesAtAnEndAreAWordUpToALengthThatIsSaid() {
        try (Tokenizer tokenizer = open(root -> {}, SPACES)) {
            assertThat(tokenizer.encode("a  b  ", false)).containsExactly('a', ' ', ' ', 'b', 262);
            assertThat(tokenizer.encode(" ".repeat(3_000) + "5", false)).hasSize(3_001);
            assertRefused(tokenizer, " ".repeat(100_000) + "5", "100,000 from \"          \"");
        }
    }

    @Test
    void theTextCountsAsTheExpressionGetsIt() {
        Consumer<ObjectNode> composed = root -> root.putObject("normalizer").put("type", "NFKC");
        try (Tokenizer tokenizer = open(composed, SPACES)) {
            assertRefused(tokenizer, "\u2003".repeat(10_001) + "5", "10,001 from \"          \"");
        }
        assertThatThrownBy(() -> open(root -> root.putObject("normalizer").put("type", "Nmt"), SPACES))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("one that reads long runs again and again, after x.json/normalizer; use a model");
    }
}
