package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
    private static String refusal(String text) {
        return catchThrowableOfType(LizardException.class, () -> Json.parse(text, "a.json", LizardException.Kind.INPUT))
                .getMessage();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {"a": [1                | Unexpected end-of-input: expected close marker for Array;
        {"a": nan}              | Unrecognized token 'nan': was expecting
        {"a": 1, "a": 2}        | Duplicate Object property "a";
        {"a": /* why */ 1}      | (maybe a comment)
        """)
    void whatIsWrongIsSaidWithoutTheParsersInsides(String text, String problem) {
        assertThat(refusal(text))
                .doesNotContain("Feature", "REDACTED", "Node", "_")
                .contains("a.json line 1");
        if (!problem.startsWith("(")) {
            assertThat(refusal(text)).contains("JSON but found " + problem);
        }
    }

    @Test
    void deepNestingIsRefused() {
        assertThat(refusal("[".repeat(100_000))).contains("nesting depth").doesNotContain("Constraints");
    }

    @Test
    void yamlMayHoldCharactersBeyond16BitsAnywhere() {
        for (int length = 1000; length < 1050; length++) {
            String text = "# " + "x".repeat(length) + "\ud83e\udd8e\na: 1\n";
            assertThat(Json.parse(text, "a.yaml", LizardException.Kind.INPUT)
                            .get("a")
                            .intValue())
                    .isOne();
        }
    }
}
