package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTeacherTest {
    @Test
    void theFolderIsNamedByWhatIsInIt(@TempDir Path cache) throws Exception {
        Path folder = DemoTeacher.unpacked(cache);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (String name : DemoTeacher.FILES) {
            byte[] content = DemoTeacher.content(name);
            digest.update(content);
            assertThat(folder.resolve(name)).hasBinaryContent(content);
        }
        String mark = HexFormat.of().formatHex(digest.digest()).substring(0, DemoTeacher.MARK.length());
        assertThat(DemoTeacher.MARK).as("after a change of the teacher").isEqualTo(mark);
        assertThat(folder).isEqualTo(cache.resolve("demo").resolve("teacher-" + mark));

        Files.delete(folder.resolve("config.json"));
        assertThat(DemoTeacher.unpacked(cache))
                .as("what is there is not looked into")
                .isEqualTo(folder);
    }
}
