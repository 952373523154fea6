package dev.lizard.model;

import dev.lizard.base.Json;
import dev.lizard.base.Setting;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The architecture of a model to be trained from scratch: a Llama of any size. */
public record ModelShape(
        @Setting(doc = "V, tokens of the vocabulary", min = 1)
        int vocabSize,

        @Setting(doc = "D, width of the residual stream", min = 1)
        int width,

        @Setting(doc = "number of blocks", min = 1) int layers,
        @Setting(doc = "H, query heads", min = 1) int heads,

        @Setting(doc = "G, key/value heads, a divisor of the heads", min = 1)
        int keyHeads,

        @Setting(doc = "d, width of a head, even", min = 2) int headWidth,
        @Setting(doc = "inner width of the MLP", min = 1) int mlpWidth,
        @Setting(doc = "tokens it is trained for", min = 1) int maxPositions,

        @Setting(doc = "base of the rotary frequencies", byDefault = "10000", min = 1)
        double ropeBase,

        @Setting(doc = "whether the output layer is the embedding", byDefault = "true")
        boolean tied,

        @Setting(doc = "token that begins a text") @Nullable Integer bosId,
        @Setting(doc = "token that ends a text") @Nullable Integer eosId) {
    public ModelShape {
        if (heads % keyHeads != 0 || headWidth % 2 != 0) {
            throw new IllegalArgumentException(
                    "heads must be a multiple of key_heads and head_width even, found %d, %d and %d"
                            .formatted(heads, keyHeads, headWidth));
        }
    }

    /** The {@code config.json} of such a model. */
    public ObjectNode json() {
        ObjectNode node = Json.object();
        node.putArray("architectures").add("LlamaForCausalLM");
        node.put("model_type", Family.LLAMA.modelType());
        node.put("hidden_act", "silu");
        node.put("hidden_size", width);
        node.put("intermediate_size", mlpWidth);
        node.put("num_hidden_layers", layers);
        node.put("num_attention_heads", heads);
        node.put("num_key_value_heads", keyHeads);
        node.put("head_dim", headWidth);
        node.put("rms_norm_eps", 1e-5);
        node.put("rope_theta", ropeBase);
        node.put("max_position_embeddings", maxPositions);
        node.put("vocab_size", vocabSize);
        node.put("tie_word_embeddings", tied);
        node.put("attention_bias", false);
        node.put("mlp_bias", false);
        node.put("bos_token_id", bosId);
        node.put("eos_token_id", eosId);
        return node;
    }

    public ModelConfig config() {
        return ModelConfig.of(json(), "the model's shape");
    }
}
