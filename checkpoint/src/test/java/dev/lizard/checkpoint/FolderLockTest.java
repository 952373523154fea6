package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
    /** Holds the lock of a folder until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws IOException {
            try (FolderLock lock = FolderLock.take(Path.of(arguments[0]))) {
                System.out.println("held");
                System.in.read();
            }
        }
    }

    @TempDir
    Path temp;

    private void refused(Path folder, String who) {
        assertThatThrownBy(() -> FolderLock.take(folder))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.ENVIRONMENT))
                .hasMessage("%s is in use by %s (lock file %s); wait for it, or choose another folder"
                        .formatted(folder, who, folder.resolve(".lock")));
    }

    @Test
    void anotherProcessIsNamedAndItsDeathFreesTheFolder() throws IOException, InterruptedException {
        Path folder = temp.resolve("out");
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process holder = new ProcessBuilder(
                        java, "-Xmx64m", "-cp", classPath, Holder.class.getName(), folder.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader said = holder.inputReader(StandardCharsets.UTF_8)) {
            assertThat(said.readLine()).isEqualTo("held");
            refused(folder, "process " + holder.pid());
            assertThatThrownBy(() -> FolderLock.refuseHeld(folder)).hasMessageContaining("process " + holder.pid());
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertThat(folder.resolve(".lock"))
                .as("the killed process left its file")
                .exists();
        FolderLock.refuseHeld(folder);
        try (FolderLock lock = FolderLock.take(folder)) {
            assertThat(Files.isDirectory(folder)).isTrue();
        }
        assertThat(folder.resolve(".lock")).doesNotExist();
    }

    @Test
    void theSameProcessIsRefusedTooAndNothingIsLeftBehind() throws IOException {
        Path folder = temp.resolve("new");
        try (FolderLock lock = FolderLock.take(folder)) {
            refused(folder, "process " + ProcessHandle.current().pid());
            Files.writeString(folder.resolve("weights"), "w");
            Manifest manifest = Manifest.write(folder);
            assertThat(manifest.files().keySet()).containsExactly("weights");
        }
        assertThat(folder).isDirectoryNotContaining("glob:**.lock");
        Path empty = temp.resolve("empty");
        FolderLock.take(empty).close();
        assertThat(empty).as("made for the lock alone").doesNotExist();
    }

    @Test
    void withoutLocksOfTheSystemTheNumberOfALivingProcessDecides() throws IOException, InterruptedException {
        Path folder = Files.createDirectory(temp.resolve("nfs"));
        FolderLock.Locks none = channel -> {
            throw new IOException("No locks available");
        };
        Process other = new ProcessBuilder("sleep", "100").start();
        Files.writeString(folder.resolve(".lock"), other.pid() + "\n");
        assertThatThrownBy(() -> FolderLock.take(folder, none))
                .hasMessageContaining("in use by process " + other.pid());
        other.destroyForcibly().waitFor();
        FolderLock.take(folder, none).close();
        assertThat(folder.resolve(".lock")).doesNotExist();
    }

    @Test
    void aPlaceThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "");
        assertThatThrownBy(() -> FolderLock.take(file.resolve("out")))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.ENVIRONMENT))
                .hasMessageContaining("cannot write");
    }
}
