package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script that counts the tests, with Maven played by one that looks at what it finds. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the script is for bash")
class CiRunTest {
    private static final Path SCRIPT =
            Path.of(Objects.requireNonNull(System.getProperty("lizard.root"))).resolve(".ci/run");

    @TempDir
    Path folder;

    @Test
    void nothingOfAnEarlierBuildIsThereAndOnlyNewResultsCount() throws Exception {
        Path script = Files.copy(
                SCRIPT, Files.createDirectories(folder.resolve(".ci")).resolve("run"));
        Files.writeString(folder.resolve("pom.xml"), "<module>base</module>\n<module>text</module>\n");
        Path old = Files.createDirectories(folder.resolve("base/target/surefire-reports"));
        Files.writeString(old.resolve("TEST-Old.xml"), suite(50, 7));
        Files.writeString(
                Files.createDirectories(folder.resolve("text/target/classes")).resolve("Gone.class"), "");
        mvn("""
            echo "found: $(ls -d */target 2>/dev/null)"
            mkdir -p base/target/surefire-reports
            echo '%s' > base/target/surefire-reports/TEST-New.xml\
            """.formatted(suite(5, 2)));

        String out = run(script);
        assertThat(out)
                .contains("+ mvn -B verify \nfound: \n", "base                3        0        2\n")
                .containsPattern("text +no tests\n")
                .endsWith("3 passed, 0 failed, 2 skipped\nexit 0\n");
    }

    private static String suite(int tests, int skipped) {
        return "<testsuite name=\"x\" tests=\"%d\" errors=\"0\" skipped=\"%d\" failures=\"0\">"
                .formatted(tests, skipped);
    }

    private void mvn(String body) throws IOException {
        Path file = Files.createDirectories(folder.resolve("tools")).resolve("mvn");
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private String run(Path script) throws Exception {
        Path out = folder.resolve("out.txt");
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", "bash \"$0\"; echo \"exit $?\"", script.toString());
        builder.environment().put("PATH", folder.resolve("tools") + ":/usr/bin:/bin");
        builder.redirectErrorStream(true).redirectOutput(out.toFile()).start().waitFor();
        return Files.readString(out);
    }
}
