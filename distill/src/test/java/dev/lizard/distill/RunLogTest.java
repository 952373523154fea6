package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunLogTest {
    private static final String WHOLE = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n";

    @TempDir
    Path folder;

    private final List<String> notes = new ArrayList<>();

    private String reopened(String content, long bytes) throws IOException {
        Files.writeString(folder.resolve(RunLog.FILE), content);
        try (RunLog log = new RunLog(folder, bytes, notes::add)) {
            log.append(Map.of("b", 4));
            assertThat(log.sync()).isEqualTo(Files.size(folder.resolve(RunLog.FILE)));
        }
        return Files.readString(folder.resolve(RunLog.FILE)).replace("{\"b\":4}\n", "+");
    }

    @Test
    void aWholeLogGoesOnWithoutAWord() throws IOException {
        assertThat(reopened(WHOLE, WHOLE.length())).isEqualTo(WHOLE + "+");
        assertThat(notes).isEmpty();
    }

    @Test
    void aLogAheadOfItsCheckpointIsCutWithANote() throws IOException {
        assertThat(reopened(WHOLE, 16)).isEqualTo("{\"a\":1}\n{\"a\":2}\n+");
        assertThat(notes).containsExactly(folder.resolve("log.jsonl") + " cut back to its checkpoint: 16 of 24 bytes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {"a":1}~{"a":               | {"a":1}~+
        {"a":1}~                    | {"a":1}~+
        ``                          | +
        {"a":1}~{"a":2}             | {"a":1}~+
        {"a":1}~{"a{"a":2}~":2}~{"a":3}~ | {"a":1}~+
        {"a":1}~3~{"a":2}~{"a":3}~  | {"a":1}~+
        {"a":1}~~{"a":2}~{"a":3}~   | {"a":1}~+
        """)
    void aShortOrTornLogIsCutToItsWholeLinesAndTheRunGoesOn(String torn, String after) throws IOException {
        assertThat(reopened(torn.replace('~', '\n'), WHOLE.length())).isEqualTo(after.replace('~', '\n'));
        assertThat(notes)
                .singleElement()
                .asString()
                .startsWith(folder.resolve("log.jsonl") + " is not as its checkpoint left it: cut back from ");
    }
}
