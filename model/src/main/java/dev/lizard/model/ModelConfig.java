package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.mixer.WindowSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a Hugging Face {@code config.json} says of a decoder.
 *
 * @param family which of the supported families
 * @param vocabSize V, rows of the embedding
 * @param width D
 * @param layers number of blocks
 * @param heads H, query heads
 * @param keyHeads G, key/value heads
 * @param headWidth d; need not be D/H
 * @param mlpWidth inner width of the MLP
 * @param normEpsilon ε of the RMS norms
 * @param rope rotary positions
 * @param maxPositions tokens the model was trained for
 * @param tied whether the output layer is the embedding
 * @param qkvBias whether the q, k and v projections have biases
 * @param outputBias whether the attention's output projection has one
 * @param mlpBias whether the MLP's three projections have them
 * @param qkNorm whether each head of q and k is normed
 * @param windows sliding window of each layer in tokens, the query's own included; 0 for none
 * @param bosId token that begins a text, if any
 * @param eosIds tokens that end one
 * @param source the config itself, all keys
 */
public record ModelConfig(
        Family family,
        int vocabSize,
        int width,
        int layers,
        int heads,
        int keyHeads,
        int headWidth,
        int mlpWidth,
        double normEpsilon,
        RopeConfig rope,
        int maxPositions,
        boolean tied,
        boolean qkvBias,
        boolean outputBias,
        boolean mlpBias,
        boolean qkNorm,
        List<Integer> windows,
        OptionalInt bosId,
        List<Integer> eosIds,
        ObjectNode source) {
    /** The {@code model_type} of a converted model; its teacher's is then under {@link #BASE_TYPE}. */
    public static final String LIZARD = "lizard";

    public static final String BASE_TYPE = "base_model_type";

    private static final int MISTRAL_WINDOW = 4096; // what an absent key means there

    public ModelConfig {
        windows = List.copyOf(windows);
        eosIds = List.copyOf(eosIds);
    }

    /**
     * Reads and checks a config.
     *
     * @param where the file, for messages
     * @throws LizardException INPUT for a family or a variant that is not supported, and for keys that are missing or
     *     wrong
     */
    public static ModelConfig of(ObjectNode config, String where) {
        ConfigKeys keys = new ConfigKeys(config, where);
        Family family = family(keys);
        refuseVariants(keys);
        int width = keys.count("hidden_size");
        int layers = keys.count("num_hidden_layers");
        int heads = keys.count("num_attention_heads");
        int keyHeads = keys.optionalCount("num_key_value_heads").orElse(heads);
        if (heads % keyHeads != 0) {
            throw keys.wrong("num_key_value_heads", "a divisor of the " + heads + " attention heads");
        }
        int headWidth = headWidth(keys, width, heads);
        int maxPositions = keys.count("max_position_embeddings");
        boolean bias = keys.flag("attention_bias", false) && family != Family.MISTRAL;
        OptionalInt bos =
                keys.ints("bos_token_id").stream().mapToInt(Integer::intValue).findFirst();
        return new ModelConfig(
                family,
                keys.count("vocab_size"),
                width,
                layers,
                heads,
                keyHeads,
                headWidth,
                keys.count("intermediate_size"),
                keys.positive("rms_norm_eps"),
                RopeConfig.read(keys, maxPositions, headWidth),
                maxPositions,
                keys.flag("tie_word_embeddings", false),
                family == Family.QWEN2 || bias,
                family != Family.QWEN2 && bias,
                keys.flag("mlp_bias", false) && family == Family.LLAMA,
                family == Family.QWEN3,
                windows(keys, family, layers),
                bos,
                keys.ints("eos_token_id"),
                config);
    }

    private static Family family(ConfigKeys keys) {
        String key = keys.text("model_type").orElse("").equals(LIZARD) ? BASE_TYPE : "model_type";
        String type = keys.text(key).orElseThrow(() -> keys.missing(key, "one of " + Family.supported()));
        return Family.of(type)
                .orElseThrow(() -> keys.unsupported(
                        key,
                        "one of " + String.join(", ", Family.supported()),
                        "use a model of one of these families (nearest: "
                                + Nearest.to(type, Family.supported(), 1).getFirst() + ")"));
    }

    /** Keys that change the formulas beyond what the stack knows. */
    private static void refuseVariants(ConfigKeys keys) {
        for (String key : List.of("num_experts", "num_local_experts", "n_routed_experts")) {
            if (keys.has(key) && keys.optionalInt(key).orElse(0) > 1) {
                throw keys.unsupported(key, "a dense model", "use a model without experts");
            }
        }
        String activation = keys.text("hidden_act").orElse("silu");
        if (!activation.equals("silu") && !activation.equals("swish")) {
            throw keys.unsupported("hidden_act", "silu", "use a model with SwiGLU blocks");
        }
        if (keys.has("quantization_config")) {
            throw keys.unsupported(
                    "quantization_config", "plain weights", "use the unquantised model or a GGUF file of it");
        }
    }

    private static int headWidth(ConfigKeys keys, int width, int heads) {
        if (!keys.has("head_dim") && width % heads != 0) {
            throw keys.wrong("num_attention_heads", "a divisor of hidden_size " + width + " where head_dim is absent");
        }
        int headWidth = keys.optionalCount("head_dim").orElse(width / heads);
        if (headWidth % 2 != 0) {
            throw keys.wrong(keys.has("head_dim") ? "head_dim" : "num_attention_heads", "an even head width");
        }
        return headWidth;
    }

    private static List<Integer> windows(ConfigKeys keys, Family family, int layers) {
        int window = switch (family) {
            case LLAMA -> 0;
            case MISTRAL ->
                keys.node().has("sliding_window")
                        ? keys.optionalCount("sliding_window").orElse(0)
                        : MISTRAL_WINDOW;
            case QWEN2, QWEN3 ->
                keys.flag("use_sliding_window", false)
                        ? keys.optionalCount("sliding_window").orElse(0)
                        : 0;
        };
        if (window == 0) {
            return Collections.nCopies(layers, 0);
        }
        if (keys.has("layer_types")) {
            return byLayerType(keys, layers, window);
        }
        int full = family == Family.MISTRAL
                ? 0
                : keys.optionalInt("max_window_layers").orElse(28);
        List<Integer> windows = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            windows.add(layer < full ? 0 : window);
        }
        return windows;
    }

    private static List<Integer> byLayerType(ConfigKeys keys, int layers, int window) {
        JsonNode types = keys.node().get("layer_types");
        if (!types.isArray() || types.size() != layers) {
            throw keys.wrong("layer_types", "a list of " + layers + " layer types");
        }
        List<Integer> windows = new ArrayList<>();
        for (JsonNode type : types) {
            windows.add(
                    switch (type.asString("")) {
                        case "full_attention" -> 0;
                        case "sliding_attention" -> window;
                        default ->
                            throw keys.unsupported(
                                    "layer_types", "full_attention or sliding_attention", "use another model");
                    });
        }
        return windows;
    }

    /** The mixer of each layer as the model's makers left it: softmax, over a window where the config has one. */
    public List<MixerSpec> softmaxSpecs() {
        List<MixerSpec> specs = new ArrayList<>();
        for (int window : windows) {
            specs.add(window == 0 ? new SoftmaxSpec() : new WindowSpec(window, 0));
        }
        return specs;
    }

    /**
     * The mixer of each layer as the config says it: those of a converted model, else {@link #softmaxSpecs}.
     *
     * @param where the file, for messages
     * @throws LizardException INPUT for a converted model's section that is missing or wrong
     */
    public List<MixerSpec> mixerSpecs(String where) {
        return ConvertedConfig.read(this, where).orElseGet(this::softmaxSpecs);
    }

    /** The sizes that the mixers must fit. */
    public HeadDims headDims() {
        return new HeadDims(width, heads, keyHeads, headWidth);
    }
}
