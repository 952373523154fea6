package dev.lizard.generate;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SlotSpec;
import dev.lizard.mixer.SlotType;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** Small random byte models, a teacher and students of it. */
final class Tiny {
    static final List<String> SPECIALS = List.of("<|end|>", "<|user|>", "<|assistant|>", "<|system|>");
    static final int END = 256;
    static final int VOCABULARY = 260;
    static final int WINDOW = 8;

    static {
        Engine.threads(1); // these models are too small to share
    }

    private Tiny() {}

    /** What a decoder's layers are. */
    enum Kind {
        TEACHER,
        WINDOW_ONLY,
        JOINT,
        SUM,
        LITERAL,
        HYBRID,
        SLOTS,
        /** In float64: a number that lies between two whole ones but for rounding may become either in float32. */
        INT8_SLOTS;

        boolean constant() {
            return this != TEACHER && this != HYBRID;
        }
    }

    static Tokenizer tokenizer() {
        return ByteTokenizer.open(SPECIALS);
    }

    static Decoder decoder(Kind kind) {
        return decoder(kind, 3);
    }

    static Decoder decoder(Kind kind, long seed) {
        return decoder(kind, seed, Device.CPU);
    }

    static Decoder decoder(Kind kind, long seed, Device device) {
        return decoder(kind, seed, kind == Kind.INT8_SLOTS ? DType.FLOAT64 : DType.FLOAT32, device);
    }

    static Decoder decoder(Kind kind, long seed, DType dtype, Device device) {
        String text = """
            {"model_type": "llama", "vocab_size": 260, "hidden_size": 32, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 48, "rms_norm_eps": 1e-5,
             "max_position_embeddings": 4096, "tie_word_embeddings": true, "eos_token_id": 256}\
            """;
        ModelConfig config =
                ModelConfig.of((ObjectNode) Json.parse(text, "tiny.json", LizardException.Kind.INPUT), "tiny.json");
        Decoder decoder = Decoder.random(config, new RandomStream(seed), dtype, device);
        try (Scope work = Scope.open()) {
            decoder.weights().forEach((name, weight) -> {
                if (!name.contains("norm")) {
                    weight.mul_(8); // so that every layer matters
                }
            });
            for (int layer = 0; layer < decoder.layers(); layer++) {
                replace(decoder, layer, kind, seed);
            }
        }
        return decoder;
    }

    private static void replace(Decoder decoder, int layer, Kind kind, long seed) {
        MixerSpec spec = switch (kind) {
            case TEACHER -> null;
            case WINDOW_ONLY -> new WindowSpec(WINDOW, 2);
            case JOINT -> lizard(Variant.JOINT);
            case SUM -> lizard(Variant.SUM);
            case LITERAL -> lizard(Variant.LITERAL);
            case HYBRID -> layer == 0 ? null : lizard(Variant.JOINT);
            case SLOTS -> slots(Far.NONE, new SlotSpec(8, 8, SlotType.MODEL, 16, 0));
            case INT8_SLOTS -> slots(Far.GATED, new SlotSpec(8, 8, SlotType.INT8, 0, 24));
        };
        if (spec != null) {
            Map<String, Tensor> parameters = new HashMap<>();
            RandomStream random = RandomStream.named(seed, "layer " + layer);
            spec.initial(decoder.headDims(), random)
                    .forEach(parameter -> parameters.put(
                            parameter.name(), decoder.own(parameter.initial().to(decoder.device()))));
            decoder.replaceMixer(layer, spec.create(decoder.headDims(), parameters));
        }
    }

    private static LizardSpec lizard(Variant variant) {
        return new LizardSpec(variant, WINDOW, 8, 2, 4, 64, Branches.BOTH);
    }

    private static LizardSpec slots(Far far, SlotSpec slots) {
        return new LizardSpec(Variant.JOINT, WINDOW, 2, 8, 2, 4, 64, Branches.BOTH, far, slots);
    }

    static int[] ids(long seed, int count) {
        RandomStream random = new RandomStream(seed);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] = random.nextInt(VOCABULARY);
        }
        return ids;
    }
}
