package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreeMemoryTest {
    @TempDir
    Path temp;

    private Path proc;
    private Path groups;

    @BeforeEach
    void folders() throws IOException {
        proc = temp.resolve("proc");
        groups = temp.resolve("cgroup");
        write(proc.resolve("meminfo"), "MemTotal: 9000 kB\nMemFree: 5 kB\nMemAvailable:    2000 kB\n");
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void whatTheMachineHasLeft() throws IOException {
        assertThat(FreeMemory.bytes(proc, groups)).hasValue(2000 * 1024);
        write(proc.resolve("self/cgroup"), "0::/a/b\n");
        write(groups.resolve("a/b/memory.max"), "max\n");
        write(groups.resolve("a/b/memory.current"), "1\n");
        assertThat(FreeMemory.bytes(proc, groups)).hasValue(2000 * 1024);
        assertThat(FreeMemory.bytes(temp.resolve("none"), groups)).isEmpty();
    }

    @Test
    void theLeastOfAllGroupsAboveWithWhatTheyCanGiveBack() throws IOException {
        write(proc.resolve("self/cgroup"), "0::/a/b\n");
        write(groups.resolve("a/b/memory.max"), "1000000\n");
        write(groups.resolve("a/b/memory.current"), "900000\n");
        write(groups.resolve("a/b/memory.stat"), "anon 5\ninactive_file 50000\n");
        write(groups.resolve("a/memory.max"), "500000\n");
        write(groups.resolve("a/memory.current"), "400000\n");
        assertThat(FreeMemory.bytes(proc, groups)).hasValue(100_000);
        write(groups.resolve("a/memory.max"), "5000000\n");
        assertThat(FreeMemory.bytes(proc, groups)).hasValue(150_000);
    }

    @Test
    void groupsOfTheFirstKindToo() throws IOException {
        write(proc.resolve("self/cgroup"), "9:cpu,cpuacct:/\n4:memory:/x\n");
        write(groups.resolve("memory/memory.limit_in_bytes"), "700000\n");
        write(groups.resolve("memory/memory.usage_in_bytes"), "600000\n");
        assertThat(FreeMemory.bytes(proc, groups)).hasValue(100_000);
    }
}
