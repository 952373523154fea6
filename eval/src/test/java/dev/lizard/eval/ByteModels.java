package dev.lizard.eval;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** Small random models of bytes. */
public final class ByteModels {
    private ByteModels() {}

    /** Two layers, D 32, 4 heads over 2 key/value heads, 257 ids. */
    public static ObjectNode config() {
        String text = """
                {"model_type": "llama", "vocab_size": 257, "hidden_size": 32, "num_hidden_layers": 2,
                 "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 48, "rms_norm_eps": 1e-6,
                 "max_position_embeddings": 512, "tie_word_embeddings": false, "eos_token_id": 256}""";
        return (ObjectNode) Json.parse(text, "tiny.json", Kind.INPUT);
    }

    /** Weights are larger than usual, so that layers matter and distributions are not flat. */
    public static Decoder random(long seed) {
        Decoder decoder = Decoder.random(
                ModelConfig.of(config(), "tiny.json"), new RandomStream(seed), DType.FLOAT32, Device.CPU);
        decoder.weights().forEach((name, weight) -> {
            if (!name.contains("norm")) {
                weight.mul_(6);
            }
        });
        return decoder;
    }

    /** A fresh mixer of this kind for a layer, over initial parameters of the innermost scope. */
    public static Mixer mixer(Decoder decoder, MixerSpec spec) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        for (MixerSpec.Parameter parameter : spec.initial(decoder.headDims(), new RandomStream(1))) {
            parameters.put(parameter.name(), parameter.initial());
        }
        return spec.create(decoder.headDims(), parameters);
    }

    /** Window 16, 8 features a half. */
    public static LizardSpec lizard() {
        return new LizardSpec(LizardSpec.Variant.JOINT, 16, 8, 2, 32, 2_048, LizardSpec.Branches.BOTH);
    }

    /** Gives every layer a fresh Lizard mixer. */
    public static void swap(Decoder decoder) {
        for (int layer = 0; layer < decoder.layers(); layer++) {
            decoder.replaceMixer(layer, mixer(decoder, lizard()));
        }
    }
}
