package dev.lizard.text.pattern;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PatternTest {
    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    private static final String CASED =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t)?|"
                    + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
                    + "(?i:'s|'t)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    @ParameterizedTest
    @ValueSource(
            strings = {
                GPT2,
                CASED,
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
                        + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "[^\\r\\n\\p{L}\\p{N}]?((?=[\\p{L}])([^a-z]))*((?=[\\p{L}])([^A-Z]))+|"
                        + "[^\\r\\n\\p{L}\\p{N}]?((?=[\\p{L}])([^a-z]))+((?=[\\p{L}])([^A-Z]))*|\\p{N}|"
                        + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                "[\\p{Han}]+|[\\p{Lu}\\p{Lo}&&[^\\p{Han}]]+",
                " ?[^(\\s|[.,!?\u2026\u3002])]+",
                "[0-9][0-9][0-9]",
                " {2,}",
                "\\s?[!-/:-~\uff01-\uff0f\u2018-\u201f\u3000-\u3002]+",
                "[^\\x00-\\x{10FFFF}a-\\u00ff]",
                "[[:alpha:]_]+",
                "(?<word>\\w+?)",
                "(?<=a)b",
            })
    void whatModelsUseIsProvedHarmless(String expression) {
        assertThat(Pattern.of(expression).rereads()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "\\s+$~`a   b 12345`~3",
                "\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))~`a   b 12345`~5",
                "\\p{N}{1,3}(?=(?:\\p{N}{3})*(?:\\P{N}|$))~`12345   x`~5",
                "\\d{1,3}(?=(?:\\d{3})*\\b)~`12345   x`~5",
                "(?=(\\d{3})+(?!\\d))~`12345   x`~5",
                "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|"
                        + "\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s~`a   b 12345`~3",
                ".*x~`a   b 12345`~11",
                "[^\\n]*\\n~`a   b 12345`~11",
                "a+b~`aaac`~3",
                "a(b*c)?~`abbbb`~4",
                "(?=a+)b~`aaac`~3",
                "\\s+$|\\s~`a   b 12345`~3",
                "[ab]*x|a+|b+~`abab c`~4",
                "\\w+\\s+\\w+~`aa    bbb`~4",
            })
    void whatReadsARunForEachOfItsCharactersSaysWhich(String expression, String text, int longest) {
        Pattern pattern = Pattern.of(expression);
        assertThat(pattern.rereads()).isTrue();
        assertThat(pattern.longestRun(text).length()).isEqualTo(longest);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(h+h*)+l$",
                "(a|a)*b",
                "a*a*b",
                "(a|aa)+$",
                "([a-z]+)+$",
                "(x+x+)+y",
                "(?:(?:a|b)|(?:a|c))*d",
                "(?:[ab](?:b*c)?)+",
                "(?:a?){30}a{30}",
                "(?:a|b)*a(?:a|b)*c"
            })
    void whatMayRunAwayIsRefused(String expression) {
        assertThatThrownBy(() -> Pattern.of(expression))
                .isInstanceOf(UnknownPattern.class)
                .hasMessage("one that may try a long text in very many ways");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a*",
                "(",
                ")",
                "[",
                "[]",
                "a{2,1}",
                "a{99999}",
                "*a",
                "(?R)",
                "(a)\\1",
                "\\X",
                "\\g<1>",
                "(?",
                "\\",
                "\\p{Nothing}",
                "\\p",
                "[z-a]",
                "\\x{110000}",
                "((a{50}){50}){50}",
                "a*(?=b+c)b",
                "(?:(?=a+b)a)*c",
                "(?=(a*)*b)a",
                "(?<=a+)b",
                "(a*)*b|a+",
                "(?:a?|c?){30}b",
                "(?:(?:a?|c?){6}x)*y",
                "(?:|){30}b",
                "(?:a?b?)*c",
                "(?#x)",
                "a{",
                "[a-\\d]",
                "[:alpha:",
                "[[:nix:]]",
                "(?<",
                "^*",
                "\\u12"
            })
    void whatIsMalformedOrUnknownIsRefused(String expression) {
        assertThatThrownBy(() -> Pattern.of(expression)).isInstanceOf(UnknownPattern.class);
    }

    @Test
    void nestingHasAnEnd() {
        assertThatThrownBy(() -> Pattern.of("(".repeat(5000))).isInstanceOf(UnknownPattern.class);
        assertThatThrownBy(() -> Pattern.of("[".repeat(5000))).isInstanceOf(UnknownPattern.class);
    }

    @Test
    void neighboursThatNoMatchReadsTogetherArePartedAtEveryText() {
        Pattern gpt2 = Pattern.of(GPT2);
        assertThat(gpt2.takes('a')).isTrue();
        assertThat(gpt2.parts('a', ' ')).isTrue();
        assertThat(gpt2.parts('a', '\n')).isTrue();
        assertThat(gpt2.parts(0x4f60, 0xff0c)).isTrue();
        assertThat(gpt2.parts(' ', 'a')).isFalse();
        assertThat(gpt2.parts('\n', 'a'))
                .as("white space looks at what follows it")
                .isFalse();
        assertThat(gpt2.parts('\'', 's')).isFalse();
        Pattern cased = Pattern.of(CASED);
        assertThat(cased.parts('a', '\'')).isFalse();
        assertThat(cased.parts('a', ' ')).isTrue();
        assertThat(Pattern.of("[0-9]").takes('a')).isFalse();
        assertThat(Pattern.of("(?<=a)b").parts('x', 'y')).as("it looks behind").isFalse();
        assertThat(Pattern.literal("ab").parts('a', 'b')).isFalse();
    }

    @Test
    void assertionsJoinWhatTheyLookAtAndNothingElse() {
        Pattern ends = Pattern.of("\\s+$");
        assertThat(ends.parts('a', ' ')).isTrue();
        assertThat(ends.parts(' ', 'a')).as("the end is looked for there").isFalse();
        Pattern digits = Pattern.of("\\d{1,3}(?=(?:\\d{3})*\\b)");
        assertThat(digits.parts('a', ' ')).isTrue();
        assertThat(digits.parts('1', '2')).isFalse();
        assertThat(digits.parts('1', ' ')).isFalse();
        Pattern between = Pattern.of("(?=(\\d{3})+(?!\\d))");
        assertThat(between.parts('a', '1')).isTrue();
        assertThat(between.parts('1', '2')).isFalse();
        assertThat(between.parts('1', ' ')).as("no digit is no digit").isTrue();
        assertThat(Pattern.of("a(?:(?!b)|d)").parts('a', 'b')).isFalse();
        assertThat(Pattern.of("(?=\\bx)x").parts('y', 'x')).isFalse();
        assertThat(Pattern.of("(?=xy)x").parts('x', 'y')).isFalse();
        assertThat(Pattern.of("(?=xy)x").parts('y', 'x')).isTrue();
    }
}
