package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFilesTest {
    @TempDir
    private Path folder;

    @Test
    void onlyWholeStemsAreLeftOutAndToldByName() throws IOException {
        for (String data : List.of(
                "unnoticed.txt", "notices.jsonl", "copying-task.txt", "licensed.md", "readme-first.txt", "my.readme")) {
            write(data, "x");
        }
        for (String other : List.of("LICENSE", "Licence.md", "NOTICE.txt", "copying.txt.gz", "README.zh.md")) {
            write(other, "x");
        }
        write("the-copying-clerks/a.txt", "x");
        DataFiles found = DataFiles.find(List.of(folder));
        assertThat(names(found))
                .containsExactly(
                        "copying-task.txt",
                        "licensed.md",
                        "notices.jsonl",
                        "readme-first.txt",
                        "the-copying-clerks/a.txt",
                        "unnoticed.txt");
        assertThat(found.notes())
                .containsExactly("left out of the data in " + folder
                        + ": LICENSE, Licence.md, NOTICE.txt, README.zh.md, copying.txt.gz (by name);"
                        + " my.readme (format)");
    }

    @Test
    void everythingElseThatIsLeftOutIsToldWithItsReason() throws IOException {
        write("a.txt", "x");
        write(".git/config.txt", "x");
        write("sub/.hidden.txt", "x");
        write("empty.txt", "");
        write("tokenizer.json", "{\"version\": \"1.0\", \"model\": {}}");
        write("numbers.json", "[1, 2]");
        write("list.json", "[{\"text\": \"x\"}]");
        write("broken.json", "[{\"text\": ");
        for (int i = 0; i < 8; i++) {
            write("t%d.csv".formatted(i), "x");
        }
        Files.createSymbolicLink(folder.resolve("gone.txt"), Path.of("nowhere.txt"));
        DataFiles found = DataFiles.find(List.of(folder));
        assertThat(names(found)).containsExactly("a.txt", "broken.json", "list.json");
        assertThat(found.notes())
                .containsExactly("left out of the data in " + folder
                        + ": .git, sub/.hidden.txt (hidden); t0.csv, t1.csv, t2.csv, t3.csv, t4.csv and 3 more"
                        + " (format); numbers.json, tokenizer.json (JSON without records); empty.txt (empty);"
                        + " gone.txt (broken link)");
    }

    @Test
    void aLinkToAFolderAboveIsPassedOver() throws IOException {
        write("sub/a.txt", "x");
        Files.createSymbolicLink(folder.resolve("sub/up"), Path.of(".."));
        Files.createSymbolicLink(folder.resolve("self"), Path.of("self"));
        DataFiles found = DataFiles.find(List.of(folder));
        assertThat(names(found)).containsExactly("sub/a.txt");
        assertThat(found.notes())
                .containsExactly("left out of the data in " + folder + ": self (format); sub/up (link in a loop)");
    }

    @Test
    void aFileThatIsReachedTwiceIsReadOnce() throws IOException {
        write("data/a.txt", "x");
        Path twin = Files.createSymbolicLink(folder.resolve("data/b.txt"), Path.of("a.txt"));
        Path a = folder.resolve("data/a.txt");
        Path data = folder.resolve("data");
        assertThat(DataFiles.find(List.of(data)))
                .isEqualTo(new DataFiles(
                        List.of(a), List.of("left out of the data in " + data + ": b.txt (read already)")));
        DataFiles twice = DataFiles.find(List.of(a, a, twin));
        assertThat(twice.files()).containsExactly(a);
        assertThat(twice.notes())
                .containsExactly(
                        "left out of the data in %s: %s (read already)".formatted(a, a),
                        "left out of the data in %s: %s (read already)".formatted(twin, twin));
        Files.createSymbolicLink(folder.resolve("other"), data);
        assertThat(names(DataFiles.find(List.of(folder)))).containsExactly("data/a.txt");
    }

    @Test
    void aFileGivenByNameIsReadWhateverItsStem() throws IOException {
        write("README.txt", "x");
        assertThat(names(DataFiles.find(List.of(folder.resolve("README.txt"))))).containsExactly("README.txt");
    }

    @Test
    void aFolderWithNothingUsableSaysWhatItHolds() throws IOException {
        write("README.md", "x");
        write("table.csv", "x");
        assertThatThrownBy(() -> DataFiles.find(List.of(folder)))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessage("no data in " + folder + ": expected files ending in " + DataFormat.NAMES
                        + " but found only README.md (by name); table.csv (format);"
                        + " name a folder that holds some, or a file by itself");
    }

    @Test
    void namesThatWouldBreakTheLineAreSpelt() throws IOException {
        write("a.txt", "x");
        write("b\n\u001b[31m.csv", "x");
        assertThat(DataFiles.find(List.of(folder)).notes())
                .containsExactly("left out of the data in " + folder + ": b\\n\\u001b[31m.csv (format)");
    }

    private List<String> names(DataFiles found) {
        return found.files().stream()
                .map(file -> folder.relativize(file).toString())
                .toList();
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
