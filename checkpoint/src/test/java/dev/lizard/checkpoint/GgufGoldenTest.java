package dev.lizard.checkpoint;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every quantisation against what the reference implementation makes of the same file. */
class GgufGoldenTest {
    private static final int KEPT = 64;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K"
            })
    void dequantisesAsTheReference(String type) {
        Path folder = Shared.golden().resolve("gguf");
        double worst = 0;
        try (GgufFile gguf = GgufFile.open(folder.resolve("tiny-%s.gguf".formatted(type)));
                SafetensorsFile reference =
                        SafetensorsFile.open(folder.resolve("tiny-%s.reference.safetensors".formatted(type)))) {
            assertThat(gguf.names()).hasSize(12);
            for (String name : gguf.names()) {
                assertThat(gguf.info(name).type())
                        .hasToString(reference.metadata().get(name));
                float[] values = gguf.readFloat32(name);
                float[] expected = reference.readFloat32(name);
                int tail = values.length - (expected.length - KEPT);
                for (int i = 0; i < expected.length; i++) {
                    float actual = values[i < KEPT ? i : tail + i - KEPT];
                    worst = Math.max(worst, Math.abs(actual - expected[i]) / Math.ulp(expected[i]));
                    assertThat(actual).as("%s[%d]", name, i).isEqualTo(expected[i]);
                }
                double sum = 0;
                double squares = 0;
                for (float value : values) {
                    sum += value;
                    squares += (double) value * value;
                }
                double[] sums = reference.raw(name + ".sums").toArray(JAVA_DOUBLE_UNALIGNED);
                assertThat(sum).as("sum of %s", name).isCloseTo(sums[0], Offset.offset(1e-9 * squares + 1e-12));
                assertThat(squares).as("squares of %s", name).isCloseTo(sums[1], Offset.offset(1e-9 * sums[1]));
            }
        }
        System.out.printf("%s: worst distance %.1f ulp%n", type, worst);
    }

    @Test
    void realModelOpensUnderHuggingFaceNames() throws IOException {
        Path file;
        try (Stream<Path> files = Files.list(Shared.models())) {
            file = files.filter(f -> f.toString().endsWith(".gguf")).findFirst().orElseThrow();
        }
        long start = System.nanoTime();
        long numbers = 0;
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            WeightSource weights = checkpoint.weights();
            for (String name : weights.names()) {
                numbers += weights.readFloat32(name).length;
            }
            System.out.printf(
                    "%d numbers of %s in %.2f s%n", numbers, file.getFileName(), (System.nanoTime() - start) / 1e9);
            assertThat(numbers).isEqualTo(134_515_008L);
            assertThat(weights.info("model.layers.29.self_attn.k_proj.weight").shape())
                    .isEqualTo(List.of(192L, 576L));
            assertThat(checkpoint.config().path("head_dim").intValue()).isEqualTo(64);
            assertThat(checkpoint.config().path("rms_norm_eps").doubleValue()).isEqualTo(1e-5);
            assertThat(checkpoint.config().path("tie_word_embeddings").booleanValue())
                    .isTrue();
        }
    }
}
