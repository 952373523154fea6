package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher, with Java and Maven played by scripts that print what they were asked. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
class LauncherTest {
    private static final Path LAUNCHER =
            Path.of(Objects.requireNonNull(System.getProperty("lizard.root"))).resolve("lizard");

    private record Ended(int code, String out, String err) {}

    @TempDir
    Path folder;

    private Path jdk;
    private Path tools;

    @BeforeEach
    void fakeTools() throws IOException {
        jdk = fakeJdk("jdk-25", "25.0.1");
        tools = Files.createDirectories(folder.resolve("tools"));
    }

    @Test
    void aReleaseRunsFromAnyFolderAndThroughLinks() throws Exception {
        Path launcher = release();
        Path links = Files.createDirectories(folder.resolve("links"));
        Files.createSymbolicLink(links.resolve("one"), launcher);
        Path relative = links.resolve("lizard");
        Files.createSymbolicLink(relative, Path.of("one"));

        Ended ended =
                run(links, Map.of("LIZARD_JAVA_HOME", jdk.toString()), relative, "generate", "--prompt", "a b  *");

        assertThat(ended.err).isEmpty();
        assertThat(ended.code).isEqualTo(7);
        assertThat(ended.out.lines())
                .contains("[--enable-native-access=ALL-UNNAMED]", "[-XX:MaxRAMPercentage=20]")
                .contains("[" + lib().toRealPath().resolve("lizard-cli-1.jar") + "]")
                .endsWith("[dev.lizard.cli.Main]", "[generate]", "[--prompt]", "[a b  *]");
    }

    @Test
    void heapAndJavaOptionsAreHonoured() throws Exception {
        Ended ended = run(
                folder,
                Map.of("LIZARD_JAVA_HOME", jdk.toString(), "LIZARD_HEAP", "3g", "JAVA_OPTS", "-Da=1 -Db=2"),
                release());
        assertThat(ended.out.lines())
                .contains("[-Xmx3g]", "[-Da=1]", "[-Db=2]")
                .doesNotContain("[-XX:MaxRAMPercentage=20]");
    }

    @Test
    void javaRunsInAUtf8LocaleWhereTheUsersIsNot() throws Exception {
        script(jdk.resolve("bin/java"), "echo \"${LC_ALL:-none} ${LANG:-none}\"");
        script(tools.resolve("locale"), """
            case $1 in
            -a) printf '%s\\n' C POSIX af_ZA.UTF-8 "$THERE" ;;
            *) case ${LC_ALL:-$LANG} in *UTF-8) echo UTF-8 ;; *) echo ANSI_X3.4-1968 ;; esac ;;
            esac\
            """);
        assertThat(locale("LC_ALL", "C", "C.utf8")).isEqualTo("C.utf8 none\n");
        assertThat(locale("LANG", "en_US.ISO-8859-1", "C.UTF-8")).isEqualTo("C.UTF-8 en_US.ISO-8859-1\n");
        assertThat(locale("LC_ALL", "POSIX", "en_US.UTF-8")).isEqualTo("en_US.UTF-8 none\n");
        assertThat(locale("LC_ALL", "C", "")).isEqualTo("af_ZA.UTF-8 none\n");
        assertThat(locale("LANG", "de_DE.UTF-8", "C.UTF-8")).isEqualTo("none de_DE.UTF-8\n");
    }

    @Test
    void withoutALocaleToolTheNameDecides() throws Exception {
        script(jdk.resolve("bin/java"), "echo \"${LC_ALL:-none} ${LANG:-none}\"");
        script(tools.resolve("locale"), "exit 127");
        assertThat(locale("LANG", "de_DE.utf8", "")).isEqualTo("none de_DE.utf8\n");
        assertThat(locale("LANG", "C", "")).isEqualTo("C.UTF-8 C\n");
    }

    private String locale(String variable, String value, String there) throws Exception {
        return run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString(), variable, value, "THERE", there), release()).out;
    }

    @Test
    void closedStreamsAreNotTakenByOtherFiles() throws Exception {
        script(jdk.resolve("bin/java"), "cat; echo to err >&2; echo \"$?\"");
        Path launcher = release();
        script(tools.resolve("closed"), "exec /bin/sh " + launcher + " <&- 2>&-");
        Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString()), tools.resolve("closed"));
        assertThat(ended).isEqualTo(new Ended(0, "0\n", ""));
    }

    @Test
    void aCurrentFolderThatIsGoneIsNamed() throws Exception {
        Path gone = Files.createDirectories(folder.resolve("gone"));
        script(tools.resolve("from-gone"), "rmdir \"$PWD\"; exec /bin/sh " + release() + " --version");
        Ended ended = run(gone, Map.of("LIZARD_JAVA_HOME", jdk.toString()), tools.resolve("from-gone"));
        assertThat(ended.code).isEqualTo(4);
        assertThat(ended.err).endsWith("lizard: the current folder is gone; change to another\n");
    }

    @Test
    void theOldJavaIsPassedOver() throws Exception {
        Path old = fakeJdk("jdk-21", "21.0.4");
        Files.createSymbolicLink(
                tools.resolve("java"), fakeJdk("jdk-26", "26-ea").resolve("bin/java"));
        Ended ended = run(folder, Map.of("JAVA_HOME", old.toString()), release());
        assertThat(ended.code).isEqualTo(7);
        assertThat(ended.out).contains("jdk-26/bin/java");
    }

    @Test
    void aWrongJavaHomeIsNamed() throws Exception {
        Path old = fakeJdk("jdk-21", "21.0.4");
        Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", old.toString()), release());
        assertThat(ended.code).isEqualTo(4);
        assertThat(ended.out).isEmpty();
        assertThat(ended.err.lines())
                .containsExactly("lizard: no JDK 25 or newer in LIZARD_JAVA_HOME=" + old
                        + "; correct it, or unset it to search");
    }

    @Test
    void theArchiveOfThisJavaIsUsed() throws Exception {
        Path launcher = release();
        Path archive = archive(Files.readString(jdk.resolve("release")));
        Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString()), launcher, "generate");
        assertThat(ended.out.lines())
                .contains("[-XX:AOTCache=" + archive.toRealPath() + "]", "[-Xlog:aot*=off,cds*=off]");
    }

    @Test
    void briefCommandsDoWithoutTheSecondCompiler() throws Exception {
        Path large = folder.resolve("large.gguf");
        try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength((512L << 20) + 512);
        }
        Path small = Files.writeString(folder.resolve("small.gguf"), "GGUF");
        boolean card = Files.exists(Path.of("/dev/nvidiactl"));
        Map<List<String>, Boolean> brief = Map.of(
                List.of("--version"), true,
                List.of("help", "generate"), true,
                List.of("linearize"), false,
                List.of("inspect", "demo"), false,
                List.of("generate", "--model", "demo", "--prompt", "a b"), !card,
                List.of("generate", "--model=" + small), !card,
                List.of("generate", "--model=" + large), false,
                List.of("generate", "--model", large.toString()), false,
                List.of("generate", "--model", "demo", "--save-state", "s"), false);
        Path launcher = release();
        for (Map.Entry<List<String>, Boolean> command : brief.entrySet()) {
            String[] words = command.getKey().toArray(String[]::new);
            Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString()), launcher, words);
            assertThat(ended.out.contains("[-XX:TieredStopAtLevel=1]"))
                    .as(command.getKey().toString())
                    .isEqualTo(command.getValue());
        }
    }

    @Test
    void anArchiveOfAnotherJavaOrOfOlderJarsIsPassedOverInSilence() throws Exception {
        Path launcher = release();
        archive("JAVA_VERSION=\"25.0.2\"\n");
        assertWithoutArchive(launcher);
        Path archive = archive(Files.readString(jdk.resolve("release")));
        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().minusSeconds(600)));
        assertWithoutArchive(launcher);
        Files.delete(archive);
        assertWithoutArchive(launcher);
    }

    @Test
    void anArchiveIsOnlyForHeapsOfShortPointers() throws Exception {
        Path launcher = release();
        archive(Files.readString(jdk.resolve("release")));
        for (Map.Entry<String, Boolean> heap : Map.of("3g", true, "31G", true, "900m", true, "32g", false, "1T", false)
                .entrySet()) {
            Ended ended =
                    run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString(), "LIZARD_HEAP", heap.getKey()), launcher);
            assertThat(ended.out.contains("AOTCache")).as(heap.getKey()).isEqualTo(heap.getValue());
        }
    }

    @Test
    void aBrokenArchiveIsPassedOverByJavaInSilence() throws Exception {
        Path java = Path.of(System.getProperty("java.home"));
        Path launcher = release();
        archive(Files.readString(java.resolve("release")));
        Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", java.toString(), "JAVA_OPTS", "-version"), launcher);
        assertThat(ended.code).isZero();
        assertThat(ended.out).isEmpty();
        assertThat(ended.err).contains("VM").doesNotContainIgnoringCase("aot", "cds", "warning", "error");
    }

    @Test
    void anArchiveIsMadeAnewByRehearsing() throws Exception {
        Path launcher = release();
        script(jdk.resolve("bin/java"), """
            for word in "$@"; do
              case $word in -XX:AOTCacheOutput=*) echo "$@" > "${word#*=}" ;; esac
            done\
            """);
        Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString()), launcher, "--rehearse");
        assertThat(ended).isEqualTo(new Ended(0, "", ""));
        assertThat(lib().resolve("lizard.aot")).content().endsWith("dev.lizard.cli.Rehearsal\n");
        assertThat(lib().resolve("lizard.aot.java")).hasSameTextualContentAs(jdk.resolve("release"));
    }

    @Test
    void aRehearsalThatFailsIsToldAndLeavesNothing() throws Exception {
        Path launcher = release();
        archive("another");
        Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString()), launcher, "--rehearse");
        assertThat(ended.code).isEqualTo(4);
        assertThat(ended.err)
                .isEqualTo("lizard: no start-up archive could be made in " + lib().toRealPath()
                        + "; see that it can be written to\n");
        assertThat(lib()).isDirectoryNotContaining("glob:**lizard.aot*");
    }

    private void assertWithoutArchive(Path launcher) throws Exception {
        Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString()), launcher, "--version");
        assertThat(ended.code).isEqualTo(7);
        assertThat(ended.err).isEmpty();
        assertThat(ended.out).contains("[dev.lizard.cli.Main]").doesNotContain("AOTCache", "-Xlog");
    }

    /** What stands for one; {@code java} is the 'release' file of the Java that made it. */
    private Path archive(String java) throws IOException {
        Files.writeString(lib().resolve("lizard.aot.java"), java);
        return Files.writeString(lib().resolve("lizard.aot"), "not really one");
    }

    private Path lib() {
        return folder.resolve("release/lib");
    }

    @Test
    void aCheckoutBuildsOnceAndAgainWhenASourceChanges() throws Exception {
        Path checkout = Files.createDirectories(folder.resolve("with space"));
        Path launcher = Files.copy(LAUNCHER, checkout.resolve("lizard"));
        Path sources = Files.createDirectories(checkout.resolve("cli/src/main/java"));
        Files.writeString(checkout.resolve("pom.xml"), "<project/>");
        script(tools.resolve("mvn"), "echo \"noise $*\"; mkdir -p cli/target/lib; : > cli/target/lizard-cli-1.jar");
        Map<String, String> environment = Map.of("LIZARD_JAVA_HOME", jdk.toString());

        Ended first = run(folder, environment, launcher, "x");
        assertThat(first.code).isEqualTo(7);
        assertThat(first.out).contains("cli/target/lizard-cli-1.jar:").doesNotContain("noise");
        assertThat(first.err.lines()).hasSize(1).first().asString().startsWith("building lizard ");

        assertThat(run(folder, environment, launcher).err).isEmpty();

        Path source = Files.writeString(sources.resolve("New.java"), "class New {}");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(run(folder, environment, launcher).err).startsWith("building lizard ");
    }

    @Test
    void aFailedBuildShowsItsErrors() throws Exception {
        Path launcher = Files.copy(LAUNCHER, folder.resolve("lizard"));
        Files.writeString(folder.resolve("pom.xml"), "<project/>");
        script(tools.resolve("mvn"), "echo chatter; echo '[ERROR] A.java: wrong'; exit 1");
        Ended ended = run(folder, Map.of("LIZARD_JAVA_HOME", jdk.toString()), launcher);
        assertThat(ended.code).isEqualTo(4);
        assertThat(ended.err)
                .contains("[ERROR] A.java: wrong", "lizard: the build failed")
                .doesNotContain("chatter");
    }

    private Path release() throws IOException {
        Path bin = Files.createDirectories(folder.resolve("release/bin"));
        Files.createDirectories(lib());
        Files.writeString(lib().resolve("lizard-cli-1.jar"), "");
        return Files.copy(LAUNCHER, bin.resolve("lizard"), StandardCopyOption.REPLACE_EXISTING);
    }

    private Path fakeJdk(String name, String version) throws IOException {
        Path home = Files.createDirectories(folder.resolve(name));
        Path bin = Files.createDirectories(home.resolve("bin"));
        script(bin.resolve("java"), "printf '[%s]\\n' \"$0\" \"$@\"; exit 7");
        script(bin.resolve("javac"), "exit 1");
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private static void script(Path file, String body) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Ended run(Path at, Map<String, String> environment, Path launcher, String... args) throws Exception {
        List<String> command = Stream.concat(Stream.of("/bin/sh", launcher.toString()), Stream.of(args))
                .toList();
        ProcessBuilder builder = new ProcessBuilder(command).directory(at.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", tools + ":/usr/bin:/bin");
        builder.environment().putAll(environment);
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        int code = builder.redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start()
                .waitFor();
        return new Ended(
                code, Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
    }
}
