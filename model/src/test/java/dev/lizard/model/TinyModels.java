package dev.lizard.model;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import tools.jackson.databind.node.ObjectNode;

/** Small random models for tests that need no files. */
final class TinyModels {
    private TinyModels() {}

    /** Two layers, D 32, 4 heads over 2 key/value heads, vocabulary 50. */
    static ObjectNode config(Family family) {
        String text = """
            {"model_type": "%s", "vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 48, "rms_norm_eps": 1e-6,
             "max_position_embeddings": 128, "tie_word_embeddings": true, "bos_token_id": 1,
             "eos_token_id": [2, 3], "sliding_window": null}\
            """.formatted(family.modelType());
        ObjectNode config = (ObjectNode) Json.parse(text, "tiny.json", LizardException.Kind.INPUT);
        return family == Family.QWEN3 ? config.put("head_dim", 8) : config; // Qwen3's is 128 where it is left out
    }

    static ModelConfig parsed(ObjectNode config) {
        return ModelConfig.of(config, "tiny.json");
    }

    /** In float64, so that forms can be compared tightly. Weights are larger than usual, so that layers matter. */
    static Decoder random(ObjectNode config, DType dtype) {
        return louder(Decoder.random(parsed(config), new RandomStream(11), dtype, Device.CPU));
    }

    private static Decoder louder(Decoder decoder) {
        decoder.weights().forEach((name, weight) -> {
            if (!name.contains("norm")) {
                weight.mul_(6);
            }
        });
        return decoder;
    }

    static Tensor ids(long seed, int batch, int tokens, int vocabulary) {
        RandomStream random = new RandomStream(seed);
        long[] ids = new long[batch * tokens];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = random.nextLong(vocabulary);
        }
        return Tensors.of(ids, batch, tokens);
    }
}
