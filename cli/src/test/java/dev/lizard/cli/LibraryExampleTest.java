package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.generate.GenerationListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README.md shows in Java is what is compiled and run. */
class LibraryExampleTest {
    private static final Path ROOT = Path.of(Objects.requireNonNull(System.getProperty("lizard.root")));
    private static final Pattern BLOCK = Pattern.compile("(?s)```java\n(.*?)```");

    @TempDir
    Path folder = Path.of(".");

    @Test
    void theBlockIsInTheFile() throws IOException {
        Matcher block = BLOCK.matcher(Files.readString(ROOT.resolve("README.md")));
        assertThat(block.find()).isTrue();
        Path file = ROOT.resolve("cli/src/test/java/dev/lizard/cli/LibraryExample.java");
        assertThat(Files.readString(file)).contains(block.group(1).indent(8));
    }

    @Test
    void bothEndingsGoOnFromOneText() throws IOException {
        StringBuilder heard = new StringBuilder();
        String[] endings =
                LibraryExample.write(TinyModel.converted(folder.resolve("tiny")), "Once", new GenerationListener() {
                    @Override
                    public void text(String piece) {
                        heard.append(piece);
                    }
                });
        String common = heard.substring(0, common(endings));
        assertThat(endings[0]).startsWith(common).isNotEqualTo(endings[1]);
        assertThat(heard.length()).isGreaterThan(endings[0].length());
    }

    private static int common(String[] texts) {
        int same = 0;
        while (same < Math.min(texts[0].length(), texts[1].length())
                && texts[0].charAt(same) == texts[1].charAt(same)) {
            same++;
        }
        assertThat(same).isPositive();
        return same;
    }
}
