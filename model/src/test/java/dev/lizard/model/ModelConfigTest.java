package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class ModelConfigTest {
    @Test
    void familiesDifferInData() {
        ModelConfig llama = TinyModels.parsed(TinyModels.config(Family.LLAMA));
        assertThat(llama.headWidth()).isEqualTo(8);
        assertThat(llama.bosId()).isEqualTo(OptionalInt.of(1));
        assertThat(llama.eosIds()).containsExactly(2, 3);
        assertThat(llama.qkvBias() || llama.outputBias() || llama.mlpBias() || llama.qkNorm())
                .isFalse();
        ModelConfig biased = TinyModels.parsed(
                TinyModels.config(Family.LLAMA).put("attention_bias", true).put("mlp_bias", true));
        assertThat(biased.qkvBias() && biased.outputBias() && biased.mlpBias()).isTrue();
        ModelConfig qwen2 = TinyModels.parsed(TinyModels.config(Family.QWEN2));
        assertThat(qwen2.qkvBias()).isTrue();
        assertThat(qwen2.outputBias()).isFalse();
        ModelConfig qwen3 = TinyModels.parsed(TinyModels.config(Family.QWEN3).put("head_dim", 16));
        assertThat(qwen3.qkNorm()).isTrue();
        assertThat(qwen3.headDims().headWidth()).isEqualTo(16);
    }

    @Test
    void slidingWindowsAreReadByLayer() {
        ObjectNode qwen = TinyModels.config(Family.QWEN2).put("sliding_window", 9);
        assertThat(TinyModels.parsed(qwen).windows()).containsExactly(0, 0);
        qwen.put("use_sliding_window", true).put("max_window_layers", 1);
        assertThat(TinyModels.parsed(qwen).windows()).containsExactly(0, 9);
        qwen.putArray("layer_types").add("sliding_attention").add("full_attention");
        assertThat(TinyModels.parsed(qwen).windows()).containsExactly(9, 0);
        ObjectNode mistral = TinyModels.config(Family.MISTRAL);
        assertThat(TinyModels.parsed(mistral).windows()).containsExactly(0, 0);
        assertThat(TinyModels.parsed(mistral.put("sliding_window", 7)).windows())
                .containsExactly(7, 7);
        mistral.remove("sliding_window");
        assertThat(TinyModels.parsed(mistral).windows()).containsExactly(4096, 4096);
    }

    @Test
    void convertedConfigsNameTheirBase() {
        ObjectNode config = TinyModels.config(Family.QWEN3).put("model_type", "lizard");
        config.put("base_model_type", "qwen3");
        assertThat(TinyModels.parsed(config).family()).isEqualTo(Family.QWEN3);
        config.remove("base_model_type");
        refused(config, "missing key", "tiny.json/base_model_type", "qwen3");
    }

    @Test
    void errorsNameFileKeyAndCause() {
        refused(
                c -> c.put("model_type", "lama"),
                "tiny.json/model_type",
                "llama, mistral, qwen2, qwen3",
                "nearest: llama");
        refused(c -> c.remove("model_type"), "missing key", "tiny.json/model_type");
        refused(c -> c.remove("hidden_size"), "missing key", "tiny.json/hidden_size", "positive whole number");
        refused(c -> c.put("hidden_size", "32"), "tiny.json/hidden_size", "\"32\"");
        refused(c -> c.put("num_hidden_layers", 0), "tiny.json/num_hidden_layers", "found 0");
        refused(c -> c.put("num_hidden_layers", 2.5), "tiny.json/num_hidden_layers", "found 2.5");
        refused(c -> c.put("rms_norm_eps", -1), "tiny.json/rms_norm_eps");
        refused(c -> c.put("tie_word_embeddings", "yes"), "tiny.json/tie_word_embeddings", "true or false");
        refused(c -> c.put("num_key_value_heads", 3), "tiny.json/num_key_value_heads", "divisor of the 4");
        refused(c -> c.put("num_attention_heads", 6).put("num_key_value_heads", 3), "head_dim is absent");
        refused(c -> c.put("head_dim", 7), "tiny.json/head_dim", "even");
        refused(c -> c.put("hidden_act", "gelu"), "unsupported model", "tiny.json/hidden_act", "silu");
        refused(c -> c.put("num_local_experts", 8), "tiny.json/num_local_experts", "dense");
        refused(c -> c.putObject("quantization_config"), "tiny.json/quantization_config");
        refused(c -> c.putArray("eos_token_id").add("x"), "tiny.json/eos_token_id");
        refused(c -> c.putObject("rope_scaling").put("type", "dynamic"), "tiny.json/rope_scaling/type", "dynamic");
        refused(
                c -> c.putObject("rope_scaling").put("rope_type", "linear"),
                "missing key",
                "tiny.json/rope_scaling/factor");
        refused(c -> c.put("rope_scaling", 3), "tiny.json/rope_scaling", "an object");
        refused(c -> c.put("partial_rotary_factor", 0.5), "tiny.json/partial_rotary_factor");
    }

    private static void refused(Consumer<ObjectNode> change, String... parts) {
        ObjectNode config = TinyModels.config(Family.LLAMA);
        change.accept(config);
        refused(config, parts);
    }

    private static void refused(ObjectNode config, String... parts) {
        assertThatThrownBy(() -> TinyModels.parsed(config)).isInstanceOfSatisfying(LizardException.class, e -> {
            assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT);
            assertThat(e.getMessage()).contains(parts).doesNotContain("\n");
        });
    }

    @Test
    void shapesOfNewModelsReadBack() {
        ModelShape shape = new ModelShape(300, 32, 2, 4, 2, 8, 48, 128, 5000, true, null, 7);
        ModelConfig config = shape.config();
        assertThat(config.vocabSize()).isEqualTo(300);
        assertThat(config.rope()).isEqualTo(new RopeConfig(5000, new RopeScaling.None()));
        assertThat(config.tied()).isTrue();
        assertThat(config.bosId()).isEmpty();
        assertThat(config.eosIds()).isEqualTo(List.of(7));
        assertThat(ModelConfig.of(
                        (ObjectNode) Json.parse(Json.pretty(shape.json()), "x", LizardException.Kind.INPUT), "x"))
                .isEqualTo(config);
    }
}
