package dev.lizard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NativesTest {
    @Test
    void librariesOfCudaAreNotLookedForWhereTheNativesAreTheCpus() {
        boolean cuda = Engine.hasCuda();
        String extension = System.getProperty("org.bytedeco.javacpp.platform.extension");
        assertThat(cuda ? "-cpu".equals(extension) : !"-cpu".equals(extension))
                .as("with CUDA: %s, extension: %s", cuda, extension)
                .isFalse();
    }
}
