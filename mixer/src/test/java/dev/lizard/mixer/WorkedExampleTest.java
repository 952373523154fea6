package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.RandomStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What CONTRIBUTING.md says of adding a mixer is what is compiled and run. */
class WorkedExampleTest {
    private static final Path ROOT = Path.of(Objects.requireNonNull(System.getProperty("lizard.root")));
    private static final Pattern QUOTED = Pattern.compile("(?ms)^`(mixer/[^`]+)`:\\n\\n```java\\n(.*?)^```$");
    private static final Pattern LINE = Pattern.compile("(?ms)`MixerKinds`[^\\n]+\\n\\n```java\\n([^\\n]+)\\n```$");

    private static String read(String file) throws IOException {
        return Files.readString(ROOT.resolve(file)).replace("\r\n", "\n");
    }

    @Test
    void theBlocksAreTheFilesAndTheLineIsInTheList() throws IOException {
        String page = read("CONTRIBUTING.md");
        List<String> files = new ArrayList<>();
        for (Matcher block = QUOTED.matcher(page); block.find(); ) {
            files.add(Path.of(block.group(1)).getFileName().toString());
            assertThat(block.group(2)).as(block.group(1)).isEqualTo(read(block.group(1)));
        }
        assertThat(files).containsExactly("LinearSpec.java", "LinearTest.java");
        Matcher line = LINE.matcher(page);
        assertThat(line.find()).isTrue();
        assertThat(read("mixer/src/main/java/dev/lizard/mixer/MixerKinds.java").lines())
                .contains(line.group(1));
    }

    @Test
    void theExampleIsAKindLikeAnyOther() {
        HeadDims dims = new HeadDims(32, 4, 2, 8);
        assertThat(MixerSpecs.names()).contains("linear");
        assertThat(MixerSpecs.keys("linear")).containsExactly("mixer");
        LinearSpec spec = new LinearSpec();
        assertThat(MixerSpecs.write(spec)).hasToString("{\"mixer\":\"linear\"}");
        assertThat(MixerSpecs.read(MixerSpecs.write(spec), dims, "written")).isEqualTo(spec);
        assertThat(spec.initial(dims, new RandomStream(1))).isEmpty();
        assertThat(spec.stateNumbers(dims, 1 << 20)).isEqualTo(2 * 8 * 9);
    }
}
