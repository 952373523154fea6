package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {
    @Test
    void whatEndsALineOrActsOnATerminalIsSpelt() {
        assertThat(OneLine.of("a\nb\r\t\u001b[2J\u0085\u2028\u2029\u007f \u00e9\ud83e\udd16"))
                .isEqualTo("a\\nb\\u000d\\u0009\\u001b[2J\\u0085\\u2028\\u2029\\u007f \u00e9\ud83e\udd16");
    }

    @Test
    void longMessagesLoseTheirMiddleAndLongNamesTheirEnd() {
        assertThat(OneLine.of("h".repeat(1000) + "t".repeat(1000)))
                .isEqualTo("h".repeat(900) + " ... " + "t".repeat(300));
        assertThat(OneLine.of("n".repeat(100) + "\n", 100)).isEqualTo("n".repeat(100) + "...");
        assertThat(OneLine.of("a\nb", 3)).isEqualTo("a\\nb");
    }
}
