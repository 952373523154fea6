package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashesTest {
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @Test
    void sumsAreThoseOfSha256sum(@TempDir Path folder) throws IOException {
        Path one = Files.writeString(folder.resolve("1"), "abc");
        Path two = Files.writeString(folder.resolve("2"), "abc");
        assertThat(Hashes.sha256("abc")).isEqualTo(ABC);
        assertThat(Hashes.sha256(one)).isEqualTo(ABC);
        assertThat(Hashes.sha256(List.of(one))).isEqualTo(ABC);
        assertThat(Hashes.sha256(List.of(one, two))).isEqualTo(Hashes.sha256(ABC + "  1\n" + ABC + "  2\n"));
        Path none = folder.resolve("none");
        assertThatThrownBy(() -> Hashes.sha256(none))
                .isInstanceOf(LizardException.class)
                .hasMessage("cannot read " + none + ": " + none + "; check the path and its permissions");
    }

    @Test
    void splitMix64HasItsPublishedBits() {
        assertThat(SplitMix64.mix(SplitMix64.GOLDEN)).isEqualTo(0xE220A8397B1DCDAFL); // the first of seed 0
    }
}
