package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AtomicFilesTest {
    @TempDir
    Path folder = Path.of(".");

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void failedWriteLeavesTheOldFile() throws IOException {
        Path file = folder.resolve("a");
        AtomicFiles.write(file, new byte[] {1, 2});
        assertThatThrownBy(() -> AtomicFiles.write(file, channel -> {
                    Bytes.writeAll(channel, new byte[] {9});
                    throw new IllegalStateException("killed");
                }))
                .hasMessage("killed");
        assertThat(Files.readAllBytes(file)).containsExactly(1, 2);
        assertThat(names()).containsExactly("a");
    }

    @Test
    void fullDiskIsNamed() throws IOException {
        Path full = Path.of("/dev/full");
        Assumptions.assumeTrue(Files.exists(full), "/dev/full not found: only Linux has a disk that is always full");
        Path file = folder.resolve("a");
        Errors.refused(
                Kind.ENVIRONMENT,
                () -> AtomicFiles.write(file, channel -> {
                    try (FileChannel disk = FileChannel.open(full, StandardOpenOption.WRITE)) {
                        Bytes.writeAll(disk, new byte[10]);
                    }
                }),
                file.toString(),
                "no space left");
        assertThat(names()).isEmpty();
    }

    @Test
    void missingRightsAreNamed() throws IOException {
        Files.writeString(folder.resolve("file"), "");
        Errors.refused(
                Kind.ENVIRONMENT,
                () -> AtomicFiles.write(folder.resolve("file/under"), new byte[1]),
                folder.resolve("file/under").toString(),
                "cannot write");
    }

    @Test
    void foldersAreReplacedWhole() throws IOException {
        Path target = folder.resolve("step-000001");
        AtomicFiles.replaceFolder(target, f -> Files.writeString(f.resolve("one"), "1"));
        AtomicFiles.replaceFolder(target, f -> {
            Files.createDirectory(f.resolve("deep"));
            Files.writeString(f.resolve("deep/two"), "2");
        });
        assertThat(target.resolve("one")).doesNotExist();
        assertThat(target.resolve("deep/two")).hasContent("2");
        assertThatThrownBy(() -> AtomicFiles.replaceFolder(target, f -> {
                    throw new IllegalStateException("killed");
                }))
                .hasMessage("killed");
        assertThat(target.resolve("deep/two")).hasContent("2");
        assertThat(names()).containsExactly("step-000001");
    }

    @Test
    void recoversWhatACrashMovedAside() throws IOException {
        Path target = folder.resolve("out");
        Files.createDirectory(folder.resolve("out.old-77-1"));
        Files.writeString(folder.resolve("out.old-77-1/kept"), "x");
        Files.createDirectory(folder.resolve("out.tmp-77-1")); // not yet renamed: that is how it is known to be so
        AtomicFiles.recoverFolder(target);
        assertThat(target.resolve("kept")).hasContent("x");
        assertThat(names()).containsExactly("out");

        AtomicFiles.deleteTree(target);
        AtomicFiles.recoverFolder(target);
        assertThat(names()).as("once").isEmpty();
    }

    /** What lies in the folder when the process dies after each step of replacing {@code out}, and what must be left. */
    @ParameterizedTest
    @CsvSource({
        "out=1 out.tmp-7-1=half,                 out=1",
        "out=1 out.tmp-7-1=2,                    out=1",
        "out.old-7-1=1 out.tmp-7-1=2,            out=1",
        "out=2 out.old-7-1=1,                    out=2",
        "out=2 out.tmp-7-1-old=1,                out=2",
        "out=2 out.old-7-1=1 out.old-8-2=0,      out=2",
        "out.old-7-1=1,                          ''",
        "out.tmp-7-1-old=1,                      ''",
    })
    void aCrashAtAnyStepLeavesTheOldOrTheNewFolder(String before, String after) throws IOException {
        for (String entry : before.split(" ")) {
            Path made = Files.createDirectory(folder.resolve(entry.split("=")[0]));
            Files.writeString(made.resolve("content"), entry.split("=")[1]);
        }
        AtomicFiles.recoverAll(folder);
        AtomicFiles.recoverAll(folder);
        Path target = folder.resolve("out");
        assertThat(Files.exists(target) ? "out=" + Files.readString(target.resolve("content")) : "")
                .isEqualTo(after);

        AtomicFiles.deleteTree(target);
        AtomicFiles.recoverAll(folder);
        assertThat(target).as("what was deleted does not come back").doesNotExist();
        AtomicFiles.replaceFolder(target, fresh -> Files.writeString(fresh.resolve("content"), "3"));
        assertThat(target.resolve("content")).hasContent("3");
        assertThat(names()).noneMatch(name -> name.contains(".old-"));
    }

    @Test
    void findsTheLastWholeCheckpoint() throws IOException {
        for (long step : new long[] {5, 40, 300, 1_000_000}) {
            AtomicFiles.replaceFolder(StepFolders.of(folder, step), f -> {
                Files.writeString(f.resolve("weights"), "w" + step);
                Files.createDirectory(f.resolve("optimizer"));
                Files.writeString(f.resolve("optimizer/moments"), "m");
                Manifest.write(f);
            });
        }
        Files.createDirectory(folder.resolve("step-000900.tmp-1-1"));
        assertThat(StepFolders.list(folder)).hasSize(4);
        assertThat(Manifest.verify(StepFolders.of(folder, 40))).isEmpty();

        Files.writeString(StepFolders.of(folder, 1_000_000).resolve("weights"), "short");
        Files.writeString(StepFolders.of(folder, 300).resolve("optimizer/moments"), "M");
        List<String> notes = new ArrayList<>();
        assertThat(StepFolders.lastWhole(folder, notes::add)).contains(StepFolders.of(folder, 40));
        assertThat(notes).hasSize(2);
        assertThat(notes.get(0)).contains("step-1000000", "weights", "8 bytes", "5 bytes");
        assertThat(notes.get(1)).contains("step-000300", "optimizer/moments", "sha256");

        Files.delete(StepFolders.of(folder, 40).resolve("weights"));
        Files.delete(StepFolders.of(folder, 5).resolve("manifest.json"));
        assertThat(StepFolders.lastWhole(folder, notes::add)).isEmpty();
        assertThat(notes.get(4)).contains("weights", "no such file");
        assertThat(notes.get(5)).contains("manifest.json");
        assertThat(StepFolders.lastWhole(folder.resolve("nowhere"), notes::add)).isEmpty();
    }
}
