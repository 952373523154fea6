package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.InvalidPathException;
import org.junit.jupiter.api.Test;

class LocalesTest {
    @Test
    void anEncodingThatLosesCharactersIsWarnedOfOnce() {
        assertThat(Locales.warning("ANSI_X3.4-1968", false, "inspect", "demo"))
                .hasValue("the locale's encoding is ANSI_X3.4-1968: characters outside it would be lost in arguments"
                        + " and names of files; start through ./lizard, or set LC_ALL=C.UTF-8");
        assertThat(Locales.warning("ISO-8859-1", false, "h\u00e9"))
                .get()
                .asString()
                .contains(" were lost in ");
        assertThat(Locales.warning("UTF-8", false, "h\u00e9\u65e5")).isEmpty();
    }

    @Test
    void windowsIsWarnedOfOnlyWhereItMatters() {
        assertThat(Locales.warning("Cp1252", true, "inspect", "demo")).isEmpty();
        assertThat(Locales.warning("Cp1252", true, "h\u00e9")).isPresent();
    }

    @Test
    void anArgumentThatIsNotUtf8IsWarnedOf() {
        assertThat(Locales.warning("UTF-8", false, "a\uFFFDb"))
                .hasValue("an argument is not UTF-8: what cannot be read in it became U+FFFD; give the text in a file,"
                        + " or in UTF-8");
    }

    @Test
    void aNameThatNoFileCanHaveIsUsage() {
        Failure failure = Failure.of(new InvalidPathException("a\0\nb", "Nul character not allowed"), null);
        assertThat(failure.code()).isEqualTo(2);
        assertThat(failure.line())
                .startsWith("'a\\u0000\\nb' cannot be the name of a file here: expected characters of ")
                .endsWith(" but found Nul character not allowed; set LC_ALL=C.UTF-8, or name another file");
    }
}
