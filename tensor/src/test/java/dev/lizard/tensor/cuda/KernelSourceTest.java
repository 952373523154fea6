package dev.lizard.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelSourceTest {
    private static final KernelSource SOURCE =
            new KernelSource("a.cu", "text", Map.of("b.cuh", "header"), List.of("-DX=1"));

    @Test
    void aResourceIsReadWithItsOptions() {
        KernelSource source = KernelSource.of("trial.cu").define("D", 64).option("--use_fast_math");
        assertThat(source.text()).contains("extern \"C\"");
        assertThat(source.options()).containsExactly("-DD=64", "--use_fast_math");
        assertThatThrownBy(() -> KernelSource.of("none.cu")).hasMessageContaining("no resource none.cu");
    }

    @Test
    void aResourceIsReadOnce() {
        KernelSource source = KernelSource.of("lizard_forward.cu");
        assertThat(KernelSource.of("lizard_forward.cu")).isSameAs(source);
        assertThat(source.headers()).containsKeys("common.cuh", "forward_scores.cuh");
    }

    @Test
    void theKeyDependsOnEverythingTheCodeDependsOn() {
        String key = KernelCache.key(SOURCE, 90, "13.0");
        assertThat(key).hasSize(64).isEqualTo(KernelCache.key(SOURCE, 90, "13.0"));
        assertThat(List.of(
                        KernelCache.key(SOURCE, 80, "13.0"),
                        KernelCache.key(SOURCE, 90, "13.1"),
                        KernelCache.key(SOURCE.define("Y", 2), 90, "13.0"),
                        KernelCache.key(
                                new KernelSource("a.cu", "text", Map.of("b.cuh", "other"), List.of("-DX=1")),
                                90,
                                "13.0"),
                        KernelCache.key(
                                new KernelSource("a.cu", "texts", SOURCE.headers(), SOURCE.options()), 90, "13.0")))
                .doesNotContain(key)
                .doesNotHaveDuplicates();
    }

    @Test
    void codeIsKeptAndATornEntryIsMadeAgain(@TempDir Path folder) throws IOException {
        KernelCache cache = new KernelCache(folder.resolve("kernels"));
        AtomicInteger compilations = new AtomicInteger();
        byte[] code = {1, 2, 3};
        for (int i = 0; i < 2; i++) {
            assertThat(cache.get(SOURCE, 90, "13.0", () -> {
                        compilations.incrementAndGet();
                        return code;
                    }))
                    .isEqualTo(code);
        }
        assertThat(compilations).hasValue(1);
        Path file;
        try (Stream<Path> files = Files.list(folder.resolve("kernels"))) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            file = all.getFirst();
        }
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThat(cache.get(SOURCE, 90, "13.0", () -> new byte[] {9})).containsExactly(9);
        assertThat(cache.get(SOURCE, 90, "13.0", () -> new byte[] {8})).containsExactly(9);
    }

    @Test
    void aFolderThatCannotBeWrittenToOnlyCostsTime(@TempDir Path folder) throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        KernelCache cache = new KernelCache(file.resolve("kernels"));
        assertThat(cache.get(SOURCE, 90, "13.0", () -> new byte[] {7})).containsExactly(7);
    }
}
