package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders as people have them: what is read, what is not, and that the latter is told whatever else is silenced. */
class DataFolderTest {
    private static final int INPUT = 3;

    @TempDir
    Path temp;

    private final Terminal terminal = new Terminal();
    private Path data;

    @BeforeEach
    void folder() throws IOException {
        terminal.with("LIZARD_CACHE", temp.resolve("cache").toString());
        TinyModel.teacher(temp.resolve("model"));
        data = Files.createDirectories(temp.resolve("data/copying-machines")).getParent();
    }

    private int plan() {
        return terminal.run(
                "linearize",
                "--model=" + temp.resolve("model"),
                "--data=" + data,
                "--out=" + temp.resolve("out"),
                "--dry-run",
                "--stage1-tokens=64",
                "--stage2-tokens=64",
                "--seq-len=32",
                "--device=cpu",
                "--threads=1",
                "--json",
                "--quiet");
    }

    @Test
    void filesWhoseNamesOnlyContainTheWordsAreData() throws IOException {
        Files.writeString(data.resolve("unnoticed.txt"), "a".repeat(99));
        Files.writeString(data.resolve("copying-machines/b.txt"), "b".repeat(99));
        Files.writeString(
                data.resolve("records.jsonl"), "{\"text\": \"%s\", \"prompt\": null}\n".formatted("c".repeat(99)));
        Files.writeString(data.resolve("README.txt"), "no");
        Files.createSymbolicLink(data.resolve("copying-machines/up"), Path.of(".."));
        assertThat(plan()).as(terminal.err()).isZero();
        assertThat(terminal.out()).contains("\"data_tokens\":300,");
        assertThat(terminal.err())
                .isEqualToIgnoringNewLines("lizard: warning: left out of the data in " + data
                        + ": README.txt (by name); copying-machines/up (link in a loop)");
    }

    @Test
    void aFolderOfTheModelAloneHoldsNoData() throws IOException {
        data = temp.resolve("model");
        assertThat(plan()).isEqualTo(INPUT);
        assertThat(terminal.err())
                .startsWith("lizard: no data in " + data + ": expected files ending in .txt")
                .contains("config.json", "tokenizer.json", "(JSON without records)", "model.safetensors (format)");
    }
}
