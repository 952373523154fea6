package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.tensor.DType;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightMemoryTest {
    private static final long GIB = 1L << 30;

    @TempDir
    private Path folder;

    @Test
    void weightsThatCannotFitAreRefusedBeforeTheFirst() {
        WeightMemory memory = new WeightMemory(Path.of("m.gguf"), DType.FLOAT32, 4 * GIB, 28 * GIB);
        assertThatThrownBy(() -> memory.compare(OptionalLong.of(16 * GIB)))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.ENVIRONMENT))
                .hasMessage("not enough memory for the weights in m.gguf: expected 28.0 GiB for float32 of 4.0 GiB but"
                        + " found 16.0 GiB free; --dtype bfloat16 takes 14.0 GiB");
        WeightMemory narrow = new WeightMemory(Path.of("m"), DType.BFLOAT16, 4 * GIB, 14 * GIB);
        assertThatThrownBy(() -> narrow.compare(OptionalLong.of(13 * GIB)))
                .hasMessageContaining("14.0 GiB for bfloat16")
                .hasMessageContaining("use a smaller model");
    }

    @Test
    void aLargeExpansionIsSaid() {
        WeightMemory memory = new WeightMemory(Path.of("m.gguf"), DType.FLOAT32, 4 * GIB, 28 * GIB);
        assertThat(memory.compare(OptionalLong.of(30 * GIB)))
                .contains("m.gguf: 4.0 GiB become 28.0 GiB of float32; --dtype bfloat16 takes 14.0 GiB");
        assertThat(memory.compare(OptionalLong.empty())).isPresent();
        assertThat(new WeightMemory(Path.of("m"), DType.FLOAT32, 4 * GIB, 4 * GIB).compare(OptionalLong.of(5 * GIB)))
                .isEmpty();
        assertThat(new WeightMemory(Path.of("m"), DType.FLOAT32, 1000, 4000).compare(OptionalLong.of(GIB)))
                .isEmpty();
    }

    @Test
    void bytesAreThoseOfTheStoredShapes() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32)) {
            ModelFolder.write(folder, decoder, ModelFolder.Contents.none());
            try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                WeightMemory memory = WeightMemory.of(
                        folder, checkpoint.weights(), WeightShapes.of(decoder.config()), DType.BFLOAT16);
                long plain = decoder.weights().values().stream()
                        .mapToLong(weight -> weight.bytes())
                        .sum();
                assertThat(memory.stored()).isEqualTo(plain);
                assertThat(memory.needed()).isEqualTo(plain / 2);
            }
        }
    }
}
