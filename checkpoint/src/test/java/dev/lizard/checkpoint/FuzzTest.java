package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken bytes give a {@link LizardException} or a readable file, nothing else. Repeat with {@code -Dfuzz.seed=N}. */
class FuzzTest {
    private static final Path NAME = Path.of("fuzz");
    private static final int ROUNDS = 4000;

    @TempDir
    Path folder = Path.of(".");

    @Test
    void gguf() {
        byte[] valid = GgufBuilder.tinyLlama("llama")
                .put("tokenizer.ggml.tokens", List.of("<s>", "a", "b", "\u2581c", "</s>"))
                .put("flag", true)
                .tensor("blk.0.ffn_up.weight", List.of(1L, 32L), 8, 608, new byte[34])
                .build();
        fuzz(valid, bytes -> {
            GgufFile file = GgufFile.of(NAME, MemorySegment.ofArray(bytes), () -> {});
            return GgufWeights.of(file, GgufConfig.of(file));
        });
    }

    @Test
    void safetensors() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Safetensors.write(
                file,
                List.of(
                        stored("model.embed", StoredType.F32, List.of(2L, 3L)),
                        stored("model.norm", StoredType.BF16, List.of(4L)),
                        stored("scalar", StoredType.I64, List.of())),
                Map.of("format", "pt"));
        fuzz(Files.readAllBytes(file), bytes -> SafetensorsFile.of(NAME, MemorySegment.ofArray(bytes), () -> {}));
    }

    private static StoredTensor stored(String name, StoredType type, List<Long> shape) {
        TensorInfo info = new TensorInfo(name, type, shape);
        return new StoredTensor(info, () -> MemorySegment.ofArray(new byte[(int) info.byteSize()]));
    }

    private static void fuzz(byte[] valid, Function<byte[], WeightSource> open) {
        long seed = Long.getLong("fuzz.seed", System.nanoTime());
        System.out.println("fuzz.seed=" + seed);
        Random random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = damage(valid, random);
            try (WeightSource source = open.apply(bytes)) {
                for (String name : source.names()) {
                    assertThat(source.readFloat32(name))
                            .hasSize((int) source.info(name).elements());
                    assertThat(source.info(name).byteSize()).isLessThanOrEqualTo(bytes.length);
                }
            } catch (LizardException e) {
                refused++;
                assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT);
                assertThat(e.getMessage()).contains("fuzz").doesNotContain("\n");
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed %d round %d: %s".formatted(seed, round, e), e);
            }
        }
        assertThat(refused).isBetween(1, ROUNDS);
        assertThat(open.apply(valid).names()).isNotEmpty();
    }

    private static byte[] damage(byte[] valid, Random random) {
        byte[] bytes = random.nextInt(4) == 0 ? Arrays.copyOf(valid, random.nextInt(valid.length)) : valid.clone();
        int flips = bytes.length == 0 ? 0 : random.nextInt(4);
        for (int i = 0; i < flips; i++) {
            int at = random.nextInt(bytes.length);
            bytes[at] =
                    random.nextBoolean() ? (byte) random.nextInt(256) : (byte) (bytes[at] ^ (1 << random.nextInt(8)));
        }
        return bytes;
    }
}
