package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.databind.node.ObjectNode;

/**
 * The metadata of a GGUF file as the {@code config.json} that Hugging Face would have. Whether weights are tied and
 * where biases are follows from the tensors that are there.
 */
final class GgufConfig {
    private static final String EMBEDDINGS = "token_embd.weight";

    private final GgufFile gguf;
    private final GgufMetadata metadata;
    private final GgufFamily family;

    private GgufConfig(GgufFile gguf) {
        this.gguf = gguf;
        this.metadata = GgufMetadata.of(gguf.path(), gguf.metadata());
        this.family = familyOf(gguf);
    }

    /**
     * Builds the config.
     *
     * @throws LizardException INPUT for an architecture that is not read, or metadata that is missing or wrong
     */
    static ObjectNode of(GgufFile gguf) {
        return new GgufConfig(gguf).build();
    }

    /** What a person should know of keys that were not read. */
    static List<String> notes(GgufFile gguf) {
        return GgufKeys.check(GgufMetadata.of(gguf.path(), gguf.metadata()));
    }

    static GgufFamily familyOf(GgufFile gguf) {
        GgufMetadata metadata = GgufMetadata.of(gguf.path(), gguf.metadata());
        return GgufFamily.of(metadata.architecture())
                .orElseThrow(() -> BadFile.in(
                        gguf.path(),
                        "general.architecture",
                        "unsupported architecture",
                        "one of " + GgufFamily.supported(),
                        metadata.architecture(),
                        "use a model of one of these"));
    }

    private ObjectNode build() {
        GgufKeys.check(metadata);
        ObjectNode config = Json.object();
        OptionalLong window = metadata.optionalId(".attention.sliding_window");
        boolean windowed = window.isPresent() && window.getAsLong() > 0;
        config.put("model_type", modelType(windowed));
        config.put("hidden_act", "silu");
        config.put("hidden_size", metadata.count(".embedding_length"));
        config.put("intermediate_size", metadata.count(".feed_forward_length"));
        config.put("num_hidden_layers", metadata.count(".block_count"));
        putHeads(config);
        config.put(
                "rms_norm_eps",
                metadata.optionalNumber(".attention.layer_norm_rms_epsilon")
                        .orElseThrow(() ->
                                metadata.wrong(".attention.layer_norm_rms_epsilon", "a positive number", "nothing")));
        config.put("max_position_embeddings", metadata.count(".context_length"));
        config.put("vocab_size", vocabulary());
        checkSizes();
        config.put("tie_word_embeddings", !gguf.contains("output.weight"));
        config.put("attention_bias", gguf.contains("blk.0.attn_q.bias"));
        config.put("mlp_bias", gguf.contains("blk.0.ffn_gate.bias"));
        GgufRope.put(gguf, metadata, config);
        if (windowed) {
            config.put("sliding_window", window.getAsLong());
            config.put("use_sliding_window", true);
        } else {
            config.putNull("sliding_window"); // an absent key would mean mistral's default
        }
        putToken(config, "bos_token_id");
        putToken(config, "eos_token_id");
        return config;
    }

    private long vocabulary() {
        TensorInfo embeddings = gguf.info(EMBEDDINGS);
        if (embeddings.shape().size() != 2) {
            throw BadFile.in(
                    gguf.path(), embeddings.name(), "bad shape", "[tokens, width]", embeddings.shape(), BadFile.AGAIN);
        }
        return embeddings.shape().getFirst();
    }

    private String modelType(boolean windowed) {
        return switch (family) {
            case LLAMA -> windowed ? "mistral" : "llama";
            case MISTRAL -> "mistral";
            case QWEN2 -> "qwen2";
            case QWEN3 -> "qwen3";
        };
    }

    /** Sizes that the stored tensors tell too: nothing is allocated by a number that they do not bear out. */
    private void checkSizes() {
        TensorInfo embeddings = gguf.info(EMBEDDINGS);
        checkSize(".embedding_length", embeddings, 1);
        if (gguf.contains("blk.0.ffn_gate.weight")) {
            checkSize(".feed_forward_length", gguf.info("blk.0.ffn_gate.weight"), 0);
        }
        long blocks = metadata.count(".block_count");
        long stored = gguf.names().stream()
                .filter(name -> name.startsWith("blk."))
                .map(name -> name.split("\\.", 3)[1])
                .distinct()
                .count();
        if (blocks > stored) {
            throw metadata.wrong(".block_count", stored + ", as many as are stored", blocks);
        }
    }

    private void checkSize(String key, TensorInfo tensor, int axis) {
        long size = metadata.count(key);
        if (tensor.shape().size() != 2 || tensor.shape().get(axis) != size) {
            throw metadata.wrong(key, "a size of " + tensor.name() + ", which is " + tensor.shape(), size);
        }
    }

    private void putHeads(ObjectNode config) {
        long width = metadata.count(".embedding_length");
        long heads = metadata.count(".attention.head_count");
        long keyHeads = metadata.optionalCount(".attention.head_count_kv").orElse(heads);
        OptionalLong keyWidth = metadata.optionalCount(".attention.key_length");
        if (keyWidth.isEmpty() && width % heads != 0) {
            throw metadata.wrong(".attention.head_count", "a divisor of the width " + width, heads);
        }
        long headWidth = keyWidth.orElse(width / heads);
        long valueWidth = metadata.optionalCount(".attention.value_length").orElse(headWidth);
        if (valueWidth != headWidth) {
            throw metadata.wrong(".attention.value_length", "the key's width " + headWidth, valueWidth);
        }
        config.put("num_attention_heads", heads);
        config.put("num_key_value_heads", keyHeads);
        config.put("head_dim", headWidth);
        OptionalLong rotary = metadata.optionalCount(".rope.dimension_count");
        if (rotary.isPresent() && rotary.getAsLong() != headWidth) {
            config.put("partial_rotary_factor", (double) rotary.getAsLong() / headWidth);
        }
    }

    private void putToken(ObjectNode config, String key) {
        OptionalLong id = metadata.optionalId("tokenizer.ggml." + key);
        if (id.isPresent()) {
            config.put(key, id.getAsLong());
        } else {
            config.putNull(key); // an absent key would mean the family's usual token
        }
    }

    /** Sets {@code key} where there is a value. */
    static void putNumber(ObjectNode node, String key, OptionalDouble value) {
        if (value.isPresent()) {
            node.put(key, value.getAsDouble());
        }
    }
}
