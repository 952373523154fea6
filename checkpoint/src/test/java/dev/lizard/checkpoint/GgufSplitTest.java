package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model in three files, as gguf-split leaves it: the first has the metadata and, here, no tensor. */
class GgufSplitTest {
    @TempDir
    Path folder = Path.of(".");

    @BeforeEach
    void write() throws IOException {
        part(1, first());
        part(
                2,
                part(1L).tensor("token_embd.weight", List.of(5L, 8L), GgufBuilder.counting(40))
                        .tensor("blk.0.attn_q.weight", List.of(8L, 8L), GgufBuilder.counting(64)));
        part(3, part(2L).tensor("output_norm.weight", List.of(8L), GgufBuilder.counting(8)));
    }

    private static GgufBuilder first() {
        return part(0L).put("general.architecture", "llama")
                .put("llama.block_count", 1L)
                .put("llama.context_length", 128L)
                .put("llama.embedding_length", 8L)
                .put("llama.feed_forward_length", 3L)
                .put("llama.attention.head_count", 2L)
                .put("llama.attention.layer_norm_rms_epsilon", 1e-5)
                .put("split.tensors.count", 3L);
    }

    private static GgufBuilder part(long number) {
        return new GgufBuilder().put("split.no", number).put("split.count", 3L);
    }

    private Path path(int number) {
        return folder.resolve("m-%05d-of-00003.gguf".formatted(number));
    }

    private void part(int number, GgufBuilder builder) throws IOException {
        Files.write(path(number), builder.build());
    }

    private void refused(String... texts) {
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(path(1)).close(), texts);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void anyPartStandsForAll(int number) {
        try (Checkpoint checkpoint = Checkpoint.open(path(number))) {
            assertThat(checkpoint.config().path("hidden_size").intValue()).isEqualTo(8);
            assertThat(checkpoint.weights().names())
                    .containsExactly(
                            "model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight", "model.norm.weight");
            assertThat(checkpoint.weights().readFloat32("model.norm.weight")).containsExactly(GgufBuilder.counting(8));
            assertThat(checkpoint.weights().readFloat32("model.layers.0.self_attn.q_proj.weight")[8])
                    .isEqualTo(16);
            assertThat(checkpoint.weights().file("model.norm.weight")).isEqualTo(path(3));
            assertThat(checkpoint.weights().storedName("model.norm.weight")).isEqualTo("output_norm.weight");
            assertThat(checkpoint.contentFiles()).containsExactly(path(1), path(2), path(3));
            assertThat(checkpoint.ggufMetadata().orElseThrow()).containsKey("llama.block_count");
        }
        try (GgufFile file = GgufFile.open(path(number))) {
            assertThat(file.metadata()).containsEntry("general.architecture", "llama");
        }
    }

    @Test
    void missingAndRenamedPartsAreNamed() throws IOException {
        Files.delete(path(3));
        refused(path(1) + "/split.count", "missing part", "3 files, m-00003-of-00003.gguf among them");
        Path alone = Files.move(path(1), folder.resolve("model.gguf"));
        Errors.refused(
                Kind.INPUT,
                () -> Checkpoint.open(alone).close(),
                "model.gguf/split.count",
                "a name that ends in -0000N-of-00003.gguf");
    }

    @ParameterizedTest
    @CsvSource({"split.no,2,1", "split.count,4,3", "general.architecture,qwen2,llama"})
    void foreignPartsAreNamed(String key, String value, String expected) throws IOException {
        GgufBuilder foreign = part(1L).tensor("token_embd.weight", List.of(5L, 8L), GgufBuilder.counting(40));
        part(2, key.startsWith("split") ? foreign.put(key, Long.parseLong(value)) : foreign.put(key, value));
        refused(path(2) + "/" + key, "part of another model", "expected " + expected, "found " + value);
    }

    @Test
    void tensorsAreCountedAndAreEachInOnePart() throws IOException {
        part(3, part(2L).tensor("token_embd.weight", List.of(5L, 8L), GgufBuilder.counting(40)));
        refused(
                path(3) + "/token_embd.weight",
                "no other part has",
                path(2).getFileName().toString());
        part(3, part(2L));
        refused(path(1) + "/split.tensors.count", "expected 2", "found 3");
        part(2, new GgufBuilder());
        refused(path(2) + "/split.no", "a whole number", "nothing");
        part(1, first().put("split.count", "three"));
        refused(path(1) + "/split.count", "a whole number", "three");
    }

    @Test
    void aSplitIntoOneIsAWhole() throws IOException {
        Path whole = folder.resolve("whole.gguf");
        Files.write(
                whole,
                GgufBuilder.tinyLlama("llama")
                        .put("split.count", 1L)
                        .put("split.no", 0L)
                        .build());
        try (Checkpoint checkpoint = Checkpoint.open(whole)) {
            assertThat(checkpoint.contentFiles()).containsExactly(whole);
        }
    }
}
