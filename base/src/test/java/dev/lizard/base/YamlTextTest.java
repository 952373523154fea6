package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlTextTest {
    private static final Origin FILE = new Origin(Origin.Layer.CONFIG_FILE, "my.yaml");

    record Numbers(
            @Setting(byDefault = "0.5", above = 0, below = 1)
            double share,

            @Setting(byDefault = "3") int count,
            @Setting(byDefault = "false") boolean on) {}

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        a: &x 1\\nb: *x             | unclear value in my.yaml line 2: expected a value but found the alias *x; write the value out
        a: 1e999                    | unclear value in my.yaml line 1: expected a finite number but found '1e999'; choose another
        a: 1\\n---\\nb: 2           | expected YAML but found a second document after the first; correct the file
        a: 1\\na: 2                 | malformed text in my.yaml line 2
        a: 1\\n\\tb: 2              | expected YAML but found character '\\t(TAB)' that cannot start any token
        """)
    void whatWouldBeReadAsSomethingElseIsRefused(String text, String message) {
        assertThatThrownBy(() -> ConfigTree.parse(text.replace("\\n", "\n").replace("\\t", "\t"), FILE))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContaining(message);
    }

    @Test
    void deepNestingIsRefusedWithoutAStackOverflow() {
        assertThatThrownBy(() -> ConfigTree.parse("a: " + "[".repeat(20_000), FILE))
                .hasMessageContaining("nesting depth (501) exceeds the maximum allowed (500)");
        assertThatThrownBy(() -> ConfigTree.empty().set("a" + ".a".repeat(40) + "=1", FILE))
                .hasMessageContaining("expected at most 32 names");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        share: 0     | number out of range in my.yaml/share: expected above 0 but found 0; choose another
        share: 1     | number out of range in my.yaml/share: expected below 1 but found 1; choose another
        share: .inf  | unclear value in my.yaml line 1: expected a finite number but found '.inf'; choose another
        share: 0.50x | wrong type in my.yaml/share: expected a number but found "0.50x"; correct the value
        count: 012   | unclear number in my.yaml/count: expected a number without leading zeros but found "012"; leave them out
        count: 1e40  | wrong number in my.yaml/count: expected a whole number of at most 2147483647 either way
        on: yes      | wrong type in my.yaml/on: expected true or false but found "yes"; write true
        on: Off      | wrong type in my.yaml/on: expected true or false but found "Off"; write false
        """)
    void rangesAndLooksOfNumbersAndSwitches(String text, String message) {
        assertThatThrownBy(() -> ConfigTree.parse(text, FILE).bind(Numbers.class))
                .hasMessageStartingWith(message);
    }

    @Test
    void aFileIsYamlUnlessItIsCalledJsonAndOfASensibleSize(@TempDir Path folder) throws IOException {
        Path plain = Files.writeString(folder.resolve("recipe"), "count: 5\n");
        assertThat(ConfigTree.read(plain).bind(Numbers.class).count()).isEqualTo(5);
        Path huge = folder.resolve("huge.yaml");
        try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength(1L << 33);
        }
        assertThatThrownBy(() -> ConfigTree.read(huge))
                .hasMessage(huge + " is larger than 16 MiB: no configuration is; check the path");
    }
}
