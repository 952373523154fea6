package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufTest {
    @TempDir
    Path folder = Path.of(".");

    Path file = folder;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("m.gguf");
    }

    private void refused(GgufBuilder builder, String... texts) throws IOException {
        Files.write(file, builder.build());
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(file).close(), with(texts));
    }

    private String[] with(String... texts) {
        String[] all = Arrays.copyOf(texts, texts.length + 1);
        all[texts.length] = file.toString();
        return all;
    }

    @Test
    void refusesBrokenHeaders() throws IOException {
        GgufBuilder magic = GgufBuilder.tinyLlama("llama");
        magic.magic = 0x12345678;
        refused(magic, "bad magic", "expected GGUF", "0x78563412");

        GgufBuilder version = GgufBuilder.tinyLlama("llama");
        version.version = 1;
        refused(version, "unsupported GGUF version", "2 or 3", "found 1");

        GgufBuilder bigEndian = GgufBuilder.tinyLlama("llama");
        bigEndian.version = 3 << 24;
        refused(bigEndian, "big-endian");

        GgufBuilder tensors = GgufBuilder.tinyLlama("llama");
        tensors.tensorCount = 1L << 60;
        refused(tensors, "count of tensors", "1152921504606846976");

        GgufBuilder entries = GgufBuilder.tinyLlama("llama");
        entries.entryCount = 1L << 60;
        refused(entries, "count of metadata entries", "1152921504606846976");
    }

    @Test
    void refusesBrokenMetadata() throws IOException {
        refused(GgufBuilder.tinyLlama("llama").put("strange", raw(99)), "strange", "unknown metadata type", "99");
        byte[] hugeArray = bytes(20).putInt(9).putInt(4).putLong(1L << 60).array();
        refused(GgufBuilder.tinyLlama("llama").put("big", hugeArray), "big", "array length", "1152921504606846976");
        byte[] flags =
                bytes(16 + 3_000_000).putInt(9).putInt(7).putLong(3_000_000).array();
        refused(
                GgufBuilder.tinyLlama("llama").put("a", flags).put("b", flags),
                "b",
                "too many array items",
                "at most 4194304 in all",
                "found 6000000");
        byte[] hugeText = bytes(12).putInt(8).putLong(1L << 60).array();
        refused(GgufBuilder.tinyLlama("llama").put("text", hugeText), "text", "bad text length", "1152921504606846976");
        refused(GgufBuilder.tinyLlama("llama").put("general.alignment", 7L), "general.alignment", "multiple of 8", "7");
        refused(
                GgufBuilder.tinyLlama("gpt2"),
                "general.architecture",
                "unsupported architecture",
                "llama, mistral, qwen2, qwen3",
                "gpt2");
        refused(
                GgufBuilder.tinyLlama("llama").put("llama.block_count", "one"),
                "llama.block_count",
                "a positive whole number",
                "one");
        refused(GgufBuilder.tinyLlama("llama").put("llama.expert_count", 8L), "llama.expert_count", "8 experts");
        refused(
                GgufBuilder.tinyLlama("llama").put("llama.attention.head_count", 3L),
                "llama.attention.head_count",
                "divisor of the width 8");
        refused(new GgufBuilder().put("general.name", "x"), "general.architecture", "nothing");
    }

    @Test
    void refusesBrokenTensors() throws IOException {
        refused(
                GgufBuilder.tinyLlama("llama").tensor("blk.0.ffn_up.weight", List.of(1L, 32L), 20, 0, new byte[32]),
                "blk.0.ffn_up.weight",
                "unsupported tensor type",
                "Q4_K",
                "IQ4_NL");
        refused(
                GgufBuilder.tinyLlama("llama").tensor("blk.0.ffn_up.weight", List.of(2L, 16L), 8, 0, new byte[34]),
                "blk.0.ffn_up.weight",
                "whole blocks of 32",
                "[2, 16]");
        refused(
                GgufBuilder.tinyLlama("llama").tensor("blk.0.ffn_up.weight", List.of(1L << 40), 0, 0, new byte[0]),
                "blk.0.ffn_up.weight",
                "out of the file");
        refused(
                GgufBuilder.tinyLlama("llama").tensor("blk.0.ffn_up.weight", List.of(4L), 0, 17, new byte[16]),
                "blk.0.ffn_up.weight",
                "multiple of 32",
                "17");
        refused(
                GgufBuilder.tinyLlama("llama").tensor("blk.0.ffn_up.weight", List.of(4L), 0, 0, new byte[16]),
                "overlapping tensor");
        refused(
                GgufBuilder.tinyLlama("llama").tensor("blk.0.ffn_up.weight", List.of(-4L), 0, 0, new byte[16]),
                "blk.0.ffn_up.weight",
                "bad shape",
                "[-4]");
        refused(
                GgufBuilder.tinyLlama("llama").tensor("token_embd.weight", List.of(1L), 1f),
                "token_embd.weight",
                "duplicate tensor");
        refused(
                GgufBuilder.tinyLlama("llama").tensor("blk.0.ffn_gate_exps.weight", List.of(1L), 1f),
                "blk.0.ffn_gate_exps.weight",
                "unsupported tensor");
    }

    @Test
    void refusesTruncation() throws IOException {
        byte[] whole = GgufBuilder.tinyLlama("llama").build();
        Files.write(file, Arrays.copyOf(whole, whole.length - 32));
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(file).close(), with("output_norm.weight", "truncated"));
        Files.write(file, Arrays.copyOf(whole, 100));
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(file).close(), with("expected"));
        Files.write(file, new byte[0]);
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(file).close(), with("truncated GGUF file"));
    }

    @Test
    void putsRotaryRowsBackIntoHalves() throws IOException {
        Files.write(file, GgufBuilder.tinyLlama("llama").build());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            WeightSource weights = checkpoint.weights();
            float[] query = weights.readFloat32("model.layers.0.self_attn.q_proj.weight");
            assertThat(firstOfRows(query)).containsExactly(0, 2, 1, 3, 4, 6, 5, 7);
            assertThat(query[8 + 5]).isEqualTo(16 + 5);
            assertThat(firstOfRows(weights.readFloat32("model.layers.0.self_attn.k_proj.weight")))
                    .containsExactly(0, 2, 1, 3);
            assertThat(weights.readFloat32("model.layers.0.self_attn.q_proj.bias"))
                    .containsExactly(0, 2, 1, 3, 4, 6, 5, 7);
            assertThat(weights.readFloat32("model.norm.weight")).containsExactly(GgufBuilder.counting(8));
            Errors.refused(
                    Kind.INPUT,
                    () -> weights.info("model.layers.0.self_attn.q_proj.wight"),
                    "did you mean 'model.layers.0.self_attn.q_proj.weight'");
        }
    }

    private static int[] firstOfRows(float[] matrix) {
        int[] rows = new int[matrix.length / 8];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = (int) matrix[row * 8] / 8;
        }
        return rows;
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "mistral", "qwen2", "qwen3"})
    void tellsTheConfig(String architecture) throws IOException {
        Files.write(file, GgufBuilder.tinyLlama(architecture).build());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.config()).hasToString("""
                {"model_type":"%s","hidden_act":"silu","hidden_size":8,"intermediate_size":3,\
                "num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,"head_dim":4,\
                "rms_norm_eps":1.0E-5,"max_position_embeddings":128,"vocab_size":5,"tie_word_embeddings":true,\
                "attention_bias":true,"mlp_bias":false,"rope_theta":500000.0,\
                "sliding_window":null,"bos_token_id":0,"eos_token_id":2}\
                """.formatted(architecture));
            boolean moved = architecture.equals("llama") || architecture.equals("mistral");
            assertThat(checkpoint.weights().readFloat32("model.layers.0.self_attn.q_proj.bias")[1])
                    .isEqualTo(moved ? 2 : 1);
            assertThat(checkpoint.ggufMetadata().orElse(Map.of())).containsEntry("tokenizer.ggml.eos_token_id", 2L);
        }
    }

    @Test
    void tellsRopeScalingAndWindow() throws IOException {
        GgufBuilder yarn = GgufBuilder.tinyLlama("qwen2")
                .put("qwen2.rope.scaling.type", "yarn")
                .put("qwen2.rope.scaling.factor", 4.0)
                .put("qwen2.rope.scaling.original_context_length", 32L)
                .put("qwen2.attention.sliding_window", 16L)
                .tensor("output.weight", List.of(5L, 8L), GgufBuilder.counting(40));
        Files.write(file, yarn.build());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.config().path("rope_scaling"))
                    .hasToString("{\"rope_type\":\"yarn\",\"factor\":4.0,\"original_max_position_embeddings\":32}");
            assertThat(checkpoint.config().path("sliding_window").intValue()).isEqualTo(16);
            assertThat(checkpoint.config().path("tie_word_embeddings").booleanValue())
                    .isFalse();
        }
        GgufBuilder linear = GgufBuilder.tinyLlama("llama")
                .put("llama.rope.scaling.type", "linear")
                .put("llama.rope.scaling.factor", 2.0)
                .put("llama.attention.sliding_window", 16L);
        Files.write(file, linear.build());
        try (Checkpoint checkpoint = Checkpoint.open(file)) {
            assertThat(checkpoint.config().path("rope_scaling"))
                    .hasToString("{\"rope_type\":\"linear\",\"factor\":2.0}");
            assertThat(checkpoint.config().path("model_type").stringValue()).isEqualTo("mistral");
        }
        refused(
                GgufBuilder.tinyLlama("llama").put("llama.rope.scaling.type", "longrope"),
                "llama.rope.scaling.type",
                "none, linear or yarn",
                "longrope");
    }

    @Test
    void recognisesLlama3Frequencies() {
        float[] factors = new float[64];
        for (int i = 0; i < 64; i++) {
            factors[i] = (float) GgufRope.llama3Factor(Math.pow(500_000, i / 64.0), 32);
        }
        assertThat(factors[0]).isEqualTo(1);
        assertThat(factors[63]).isEqualTo(32);
        assertThat(GgufRope.fromFactors(factors, 500_000)).hasToString("""
            {"rope_type":"llama3","factor":32.0,"low_freq_factor":1.0,"high_freq_factor":4.0,\
            "original_max_position_embeddings":8192}\
            """);
        factors[40] *= 1.1f;
        assertThat(GgufRope.fromFactors(factors, 500_000).path("rope_type").stringValue())
                .isEqualTo("factors");
        assertThat(GgufRope.fromFactors(factors, 500_000).path("factors")).hasSize(64);
    }

    private static byte[] raw(int type) {
        return bytes(4).putInt(type).array();
    }

    private static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
