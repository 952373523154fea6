package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LizardExceptionTest {
    @Test
    void aNameThatHoldsControlCharactersStaysInOneLine() {
        LizardException e = LizardException.at(
                LizardException.Kind.INPUT,
                "missing tensor",
                "a.gguf/x\ny",
                "this key",
                "\u001b[31m\u2028\ud83e\udd8e",
                "do");
        assertThat(e)
                .hasMessage("missing tensor in a.gguf/x\\n"
                        + "y: expected this key but found \\u001b[31m\\u2028\ud83e\udd8e; do");
    }

    @Test
    void aLineLongerThanAScreenLosesItsMiddle() {
        LizardException e = LizardException.at(
                LizardException.Kind.INPUT, "missing shard", "index.json", "x".repeat(5000), "nothing", "download it");
        assertThat(e.getMessage())
                .hasSizeLessThan(1300)
                .startsWith("missing shard in index.json: expected xxx")
                .endsWith("xxx but found nothing; download it");
    }
}
