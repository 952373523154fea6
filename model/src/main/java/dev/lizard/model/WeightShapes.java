package dev.lizard.model;

import java.util.LinkedHashMap;
import java.util.Map;

/** The weights that a config promises, under their Hugging Face names, with their shapes. */
final class WeightShapes {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String LAST_NORM = "model.norm.weight";
    static final String HEAD = "lm_head.weight";

    private final ModelConfig config;
    private final Map<String, long[]> shapes = new LinkedHashMap<>();

    private WeightShapes(ModelConfig config) {
        this.config = config;
    }

    /** In the order of the forward pass. */
    static Map<String, long[]> of(ModelConfig config) {
        WeightShapes all = new WeightShapes(config);
        all.shapes.put(EMBEDDING, new long[] {config.vocabSize(), config.width()});
        for (int layer = 0; layer < config.layers(); layer++) {
            all.block(layerPrefix(layer));
        }
        all.shapes.put(LAST_NORM, new long[] {config.width()});
        if (!config.tied()) {
            all.shapes.put(HEAD, new long[] {config.vocabSize(), config.width()});
        }
        return all.shapes;
    }

    /** The keys of the config that give a weight its shape, for messages. */
    static String keys(String name) {
        String part = name.replaceFirst("\\.(weight|bias)$", "");
        return switch (part.substring(part.lastIndexOf('.') + 1)) {
            case "embed_tokens", "lm_head" -> "vocab_size, hidden_size";
            case "q_proj", "o_proj" -> "num_attention_heads, head_dim, hidden_size";
            case "k_proj", "v_proj" -> "num_key_value_heads, head_dim, hidden_size";
            case "q_norm", "k_norm" -> "head_dim";
            case "gate_proj", "up_proj", "down_proj" -> "intermediate_size, hidden_size";
            default -> "hidden_size";
        };
    }

    /** {@code model.layers.N.} */
    static String layerPrefix(int layer) {
        return "model.layers." + layer + ".";
    }

    /** Where the new parameters of a layer's mixer are: {@code model.layers.N.self_attn.}. */
    static String mixerPrefix(int layer) {
        return layerPrefix(layer) + "self_attn.";
    }

    private void block(String prefix) {
        long queries = (long) config.heads() * config.headWidth();
        long keys = (long) config.keyHeads() * config.headWidth();
        String attention = prefix + "self_attn.";
        shapes.put(prefix + "input_layernorm.weight", new long[] {config.width()});
        linear(attention + "q_proj", config.width(), queries, config.qkvBias());
        linear(attention + "k_proj", config.width(), keys, config.qkvBias());
        linear(attention + "v_proj", config.width(), keys, config.qkvBias());
        linear(attention + "o_proj", queries, config.width(), config.outputBias());
        if (config.qkNorm()) {
            shapes.put(attention + "q_norm.weight", new long[] {config.headWidth()});
            shapes.put(attention + "k_norm.weight", new long[] {config.headWidth()});
        }
        shapes.put(prefix + "post_attention_layernorm.weight", new long[] {config.width()});
        linear(prefix + "mlp.gate_proj", config.width(), config.mlpWidth(), config.mlpBias());
        linear(prefix + "mlp.up_proj", config.width(), config.mlpWidth(), config.mlpBias());
        linear(prefix + "mlp.down_proj", config.mlpWidth(), config.width(), config.mlpBias());
    }

    private void linear(String name, long in, long out, boolean bias) {
        shapes.put(name + ".weight", new long[] {out, in});
        if (bias) {
            shapes.put(name + ".bias", new long[] {out});
        }
    }
}
