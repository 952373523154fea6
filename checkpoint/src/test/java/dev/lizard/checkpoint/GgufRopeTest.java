package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.LizardException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What llama.cpp makes of the keys of rotary positions, as a {@code config.json} would say it. */
class GgufRopeTest {
    @TempDir
    private Path folder;

    private static GgufBuilder llama() {
        return GgufBuilder.tinyLlama("llama");
    }

    private JsonNode scaling(GgufBuilder builder) throws IOException {
        Path file = Files.write(folder.resolve("m.gguf"), builder.build());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.notes()).isEmpty();
            return checkpoint.config().path("rope_scaling");
        }
    }

    private void refused(GgufBuilder builder, String... parts) throws IOException {
        Path file = Files.write(folder.resolve("bad.gguf"), builder.build());
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(file).close(), parts);
    }

    private static GgufBuilder yarn() {
        return llama().put("llama.rope.scaling.type", "yarn")
                .put("llama.rope.scaling.factor", 4.0)
                .put("llama.rope.scaling.original_context_length", 32L);
    }

    @Test
    void yarnsAttentionFactorMultipliesTheUsualOne() throws IOException {
        assertThat(scaling(yarn()).has("attention_factor")).isFalse();
        assertThat(scaling(yarn().put("llama.rope.scaling.attn_factor", 1.0)).has("attention_factor"))
                .isFalse();
        assertThat(scaling(yarn().put("llama.rope.scaling.attn_factor", 0.5))
                        .path("attention_factor")
                        .doubleValue())
                .isCloseTo(0.5 * (0.1 * Math.log(4) + 1), within(1e-12));
        assertThat(scaling(yarn().put("llama.rope.scaling.finetuned", true))).isEqualTo(scaling(yarn()));
        refused(
                llama().put("llama.rope.scaling.attn_factor", 0.5),
                "llama.rope.scaling.attn_factor",
                "1 where the scaling is not yarn");
    }

    @Test
    void aFactorWithoutATypeIsLinearAndNoneSwitchesItOff() throws IOException {
        assertThat(scaling(llama().put("llama.rope.scaling.factor", 2.0)))
                .hasToString("{\"rope_type\":\"linear\",\"factor\":2.0}");
        assertThat(scaling(llama().put("llama.rope.scale_linear", 4.0)))
                .hasToString("{\"rope_type\":\"linear\",\"factor\":4.0}");
        assertThat(scaling(llama().put("llama.rope.scaling.factor", 2.0).put("llama.rope.scale_linear", 4.0)))
                .hasToString("{\"rope_type\":\"linear\",\"factor\":2.0}");
        assertThat(scaling(llama().put("llama.rope.scaling.factor", 0.0)).isMissingNode())
                .isTrue();
        assertThat(scaling(llama().put("llama.rope.scaling.type", "none").put("llama.rope.scaling.factor", 2.0))
                        .isMissingNode())
                .isTrue();
    }

    @Test
    void storedDivisorsComeOnTopOfALinearFactor() throws IOException {
        GgufBuilder divided = llama().put("llama.rope.scaling.type", "linear")
                .put("llama.rope.scaling.factor", 2.0)
                .tensor("rope_freqs.weight", List.of(2L), 1f, 3f);
        assertThat(scaling(divided)).hasToString("{\"rope_type\":\"factors\",\"factors\":[2.0,6.0]}");
        GgufBuilder off = llama().put("llama.rope.scaling.type", "none")
                .put("llama.rope.scaling.factor", 2.0)
                .tensor("rope_freqs.weight", List.of(2L), 1f, 3f);
        assertThat(scaling(off)).hasToString("{\"rope_type\":\"factors\",\"factors\":[1.0,3.0]}");
        refused(yarn().tensor("rope_freqs.weight", List.of(2L), 1f, 3f), "none or linear beside rope_freqs.weight");
    }

    @ParameterizedTest
    @CsvSource({
        "logit_scale, 0.5",
        "residual_scale, 0.2",
        "embedding_scale, 12",
        "attention.scale, 0.1",
        "attn_logit_softcapping, 50",
        "final_logit_softcapping, 30",
        "attention.clamp_kqv, 8",
        "attention.max_alibi_bias, 8",
        "rope.freq_base_swa, 500",
        "rope.scaling.yarn_log_multiplier, 0.1",
        "rope.scaling.yarn_ext_factor, 0.5",
        "rope.scaling.yarn_attn_factor, 2",
        "rope.scaling.alpha, 2"
    })
    void keysThatChangeTheFormulasAreRefusedByName(String key, double value) throws IOException {
        refused(llama().put("llama." + key, value), "bad.gguf/llama." + key, "unsupported metadata");
    }

    @Test
    void unknownKeysAreTold() throws IOException {
        GgufBuilder odd = llama().put("llama.expert_count", 0L)
                .put("llama.logit_scale", 1.0)
                .put("llama.rope.freq_bse", 5.0)
                .put("other.key", 1L);
        Path file = Files.write(folder.resolve("m.gguf"), odd.build());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.notes())
                    .singleElement()
                    .asString()
                    .endsWith("m.gguf has keys that are not known and not read: llama.rope.freq_bse");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "block_count, 2147483647",
        "block_count, 2",
        "embedding_length, 2147483646",
        "embedding_length, 16",
        "feed_forward_length, 2147483647",
        "attention.head_count, 2147483647",
        "attention.head_count_kv, 0",
        "context_length, 9223372036854775807",
        "rope.dimension_count, -1"
    })
    void sizesThatNoTensorBearsOutAreRefusedByName(String key, long value) throws IOException {
        GgufBuilder gated = llama().tensor("blk.0.ffn_gate.weight", List.of(3L, 8L), GgufBuilder.counting(24));
        refused(gated.put("llama." + key, value), "bad.gguf/llama." + key);
    }
}
