package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.mixer.WindowSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
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
 * @param notes what a person should know of how it was read, a line each
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
        ObjectNode source,
        List<String> notes) {
    /** The {@code model_type} of a converted model; its teacher's is then under {@link #BASE_TYPE}. */
    public static final String LIZARD = "lizard";

    public static final String BASE_TYPE = "base_model_type";

    /** More blocks than any model has: guards memory where no weights are there to compare with. */
    private static final int MOST_LAYERS = 16_384;

    private static final double USUAL_EPSILON = 1e-6;
    private static final int WIDEST_HEAD = 65_536;
    private static final String TIED = "tie_word_embeddings";

    public ModelConfig {
        windows = List.copyOf(windows);
        eosIds = List.copyOf(eosIds);
        notes = List.copyOf(notes);
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
        refuseNulls(keys, family);
        List<String> notes = new ArrayList<>();
        int width = keys.count("hidden_size");
        int layers = keys.count("num_hidden_layers");
        if (layers > MOST_LAYERS) {
            throw keys.wrong("num_hidden_layers", "at most " + MOST_LAYERS);
        }
        int heads = keys.count("num_attention_heads");
        int keyHeads = keyHeads(keys, family, heads);
        int headWidth = headWidth(keys, family, width, heads);
        int maxPositions = keys.optionalCount("max_position_embeddings").orElse(family.usualPositions());
        double epsilon = keys.has("rms_norm_eps") ? keys.positive("rms_norm_eps") : USUAL_EPSILON;
        refuseActivation(keys);
        List<Integer> windows = new WindowKeys(keys, family, layers, notes).read();
        RopeConfig rope = new RopeKeys(keys, maxPositions, headWidth, layerTypes(windows), notes).read();
        boolean bias = flag(keys, "attention_bias", family != Family.MISTRAL && family != Family.QWEN2, family, notes);
        boolean tied = keys.flag(TIED, false);
        ModelConfig read = new ModelConfig(
                family,
                keys.count("vocab_size"),
                width,
                layers,
                heads,
                keyHeads,
                headWidth,
                keys.count("intermediate_size"),
                epsilon,
                rope,
                maxPositions,
                tied,
                family == Family.QWEN2 || bias,
                bias,
                flag(keys, "mlp_bias", family == Family.LLAMA, family, notes),
                family == Family.QWEN3,
                windows,
                bos(keys, family),
                keys.names("eos_token_id") ? keys.ints("eos_token_id") : family.usualEos(),
                config,
                notes);
        KnownKeys.check(keys, read.aliased(), notes);
        return read.with(read.tied, config, notes);
    }

    /**
     * Of a config that a person wrote, a key that nobody knows is a mistake.
     *
     * @param place where a key of it stands, for messages
     * @throws LizardException USAGE for an unknown key, naming the nearest
     */
    public static void requireKnown(ObjectNode config, UnaryOperator<String> place) {
        for (String key : config.propertyNames()) {
            Optional<String> nearest = KnownKeys.unknown(key);
            if (nearest.isPresent()) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "unknown key '" + key + "'",
                        place.apply(key),
                        "a key of a model's config.json",
                        config.get(key),
                        "did you mean '%s'?".formatted(nearest.get()));
            }
        }
    }

    /** This model with a head of its own, although its config ties it to the embedding. */
    ModelConfig untied() {
        return with(false, source.deepCopy().put(TIED, false), notes);
    }

    ModelConfig noted(String note) {
        List<String> all = new ArrayList<>(notes);
        all.add(note);
        return with(tied, source, all);
    }

    private ModelConfig with(boolean head, ObjectNode config, List<String> lines) {
        return new ModelConfig(
                family,
                vocabSize,
                width,
                layers,
                heads,
                keyHeads,
                headWidth,
                mlpWidth,
                normEpsilon,
                rope,
                maxPositions,
                head,
                qkvBias,
                outputBias,
                mlpBias,
                qkNorm,
                windows,
                bosId,
                eosIds,
                config,
                lines);
    }

    /** What other families' names for keys must agree with. */
    private Map<String, Object> aliased() {
        return Map.ofEntries(
                Map.entry("num_hidden_layers", layers),
                Map.entry("num_attention_heads", heads),
                Map.entry("num_key_value_heads", keyHeads),
                Map.entry("hidden_size", width),
                Map.entry("intermediate_size", mlpWidth),
                Map.entry("head_dim", headWidth),
                Map.entry("vocab_size", vocabSize),
                Map.entry("hidden_act", "silu"),
                Map.entry("rms_norm_eps", KnownKeys.plain(normEpsilon)),
                Map.entry("rope_theta", KnownKeys.plain(rope.base())),
                Map.entry(TIED, tied));
    }

    /** Null is absence for a few keys; for the others it is an error in transformers too. */
    private static void refuseNulls(ConfigKeys keys, Family family) {
        for (String key : List.of("hidden_act", "max_position_embeddings", "rms_norm_eps", TIED)) {
            keys.refuseNull(key, "a value, or no such key");
        }
        if (family.mixesWindows()) {
            keys.refuseNull("head_dim", "a positive whole number, or no such key");
        }
        if (family == Family.LLAMA || family == Family.QWEN3) {
            keys.refuseNull("attention_bias", "true or false");
        }
        if (family == Family.LLAMA) {
            keys.refuseNull("mlp_bias", "true or false");
        }
    }

    /** A flag that not every family reads; Qwen2 has biases anyway. */
    private static boolean flag(ConfigKeys keys, String key, boolean read, Family family, List<String> notes) {
        boolean value = keys.flag(key, false);
        if (value && !read && family != Family.QWEN2) {
            notes.add("%s/%s has no effect in a %s model".formatted(keys.where(), key, family.modelType()));
        }
        return value && read;
    }

    private static Set<String> layerTypes(List<Integer> windows) {
        return windows.stream()
                .map(w -> w == 0 ? RopeKeys.FULL : RopeKeys.SLIDING)
                .collect(Collectors.toSet());
    }

    private static OptionalInt bos(ConfigKeys keys, Family family) {
        if (!keys.names("bos_token_id")) {
            return family.usualBos();
        }
        return keys.optionalInt("bos_token_id");
    }

    private static int keyHeads(ConfigKeys keys, Family family, int heads) {
        int keyHeads = keys.names("num_key_value_heads")
                ? keys.optionalCount("num_key_value_heads").orElse(heads)
                : family.usualKeyHeads(heads);
        if (heads % keyHeads != 0) {
            throw keys.wrong(
                    "num_key_value_heads",
                    "a divisor of the %d attention heads (num_attention_heads)%s"
                            .formatted(
                                    heads,
                                    keys.has("num_key_value_heads")
                                            ? ""
                                            : "; without the key it means " + keyHeads + " in this family"));
        }
        return keyHeads;
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

    private static void refuseActivation(ConfigKeys keys) {
        String activation = keys.text("hidden_act").orElse("silu");
        if (!activation.equals("silu") && !activation.equals("swish")) {
            throw keys.unsupported("hidden_act", "silu", "use a model with SwiGLU blocks");
        }
    }

    private static int headWidth(ConfigKeys keys, Family family, int width, int heads) {
        OptionalInt there = keys.has("head_dim") ? keys.optionalCount("head_dim") : family.usualHeadWidth();
        if (there.isEmpty() && width % heads != 0) {
            throw keys.wrong("num_attention_heads", "a divisor of hidden_size " + width + " where head_dim is absent");
        }
        int headWidth = there.orElse(width / heads);
        String key = keys.has("head_dim") ? "head_dim" : "num_attention_heads";
        if (headWidth % 2 != 0) {
            throw keys.wrong(key, "an even head width");
        }
        if (headWidth > WIDEST_HEAD) {
            throw keys.wrong(
                    keys.has("head_dim") ? "head_dim" : "hidden_size",
                    "heads of at most %d coordinates".formatted(WIDEST_HEAD));
        }
        if ((long) heads * headWidth > Integer.MAX_VALUE) {
            throw keys.wrong("num_attention_heads", "at most 2^31-1 coordinates in all heads of width " + headWidth);
        }
        return headWidth;
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
