package dev.lizard.model;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * All spellings of a config's rotary positions: {@code rope_theta} and {@code original_max_position_embeddings} beside
 * or inside {@code rope_scaling} (transformers 4) or {@code rope_parameters} (5), the type as {@code rope_type} or
 * {@code type}, one object for all layers or one for each type of layer.
 *
 * <p>Versions of transformers differ in which of two spellings wins, so two that disagree are refused.
 *
 * @param config the whole config
 * @param layerTypes the types of layers that the model has
 * @param notes receives what was passed over
 */
record RopeKeys(ConfigKeys config, int maxPositions, int headWidth, Set<String> layerTypes, List<String> notes) {
    static final String FULL = "full_attention";
    static final String SLIDING = "sliding_attention";
    static final String ORIGINAL = "original_max_position_embeddings";

    private static final double USUAL_BASE = 10_000;
    private static final String THETA = "rope_theta";
    private static final String PART = "partial_rotary_factor";
    private static final String TYPE = "rope_type";
    private static final String OLD_TYPE = "type";

    /** Keys that any type may have. */
    private static final Set<String> COMMON = Set.of(TYPE, OLD_TYPE, THETA, PART);

    /** What each type reads beyond these. */
    private static final Map<String, Set<String>> NUMBERS = Map.of(
            "default", Set.of(),
            "linear", Set.of("factor"),
            "llama3", Set.of("factor", "low_freq_factor", "high_freq_factor", ORIGINAL),
            "yarn",
                    Set.of(
                            "factor",
                            ORIGINAL,
                            "attention_factor",
                            "beta_fast",
                            "beta_slow",
                            "mscale",
                            "mscale_all_dim",
                            "truncate"),
            "factors", Set.of("factors"));

    /** Says how the model was trained, not how it computes. */
    private static final String FINETUNED = "finetuned";

    /** @throws LizardException INPUT for a contradiction, an unknown key and a type that is not supported */
    RopeConfig read() {
        @Nullable RopeConfig rope = null;
        @Nullable ConfigKeys place = null;
        for (ConfigKeys leaf : leaves()) {
            RopeConfig one = read(leaf);
            if (place != null && !one.equals(rope)) {
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "contradiction",
                        leaf.where(),
                        "the rotary positions of " + place.where() + " (" + rope + ")",
                        one,
                        "make them agree");
            }
            rope = one;
            place = leaf;
        }
        return rope == null ? read(new ConfigKeys(Json.object(), config.where())) : rope;
    }

    /** The objects that say something of a type of layer that the model has. */
    private List<ConfigKeys> leaves() {
        List<ConfigKeys> leaves = new ArrayList<>();
        for (String name : List.of("rope_parameters", "rope_scaling")) {
            config.object(name).filter(o -> !o.node().isEmpty()).ifPresent(o -> leaves.addAll(byLayerType(o)));
        }
        return leaves;
    }

    private List<ConfigKeys> byLayerType(ConfigKeys object) {
        Set<String> names = new LinkedHashSet<>(object.node().propertyNames());
        if (names.stream().noneMatch(name -> object.node().get(name) instanceof ObjectNode)) {
            return List.of(object);
        }
        for (String name : names) {
            if (!name.equals(FULL) && !name.equals(SLIDING)) {
                throw unknown(object, name, List.of(FULL, SLIDING));
            }
        }
        return layerTypes.stream()
                .map(type -> object.object(type).orElseThrow(() -> object.missing(type, "its rotary positions")))
                .toList();
    }

    private RopeConfig read(ConfigKeys leaf) {
        String type = type(leaf);
        refuseUnknown(leaf, type);
        if (!leaf.has(THETA)) {
            config.refuseNull(THETA, "a positive number");
        }
        leaf.refuseNull(THETA, "a positive number");
        double base = agreed(leaf, THETA).orElse(USUAL_BASE);
        if (!(base > 0)) {
            throw (leaf.has(THETA) ? leaf : config).wrong(THETA, "a positive number");
        }
        double part = agreed(leaf, PART).orElse(1);
        if (part != 1) {
            throw (leaf.has(PART) ? leaf : config).unsupported(PART, "1 (whole heads turn)", "use another model");
        }
        RopeConfig rope = new RopeConfig(base, RopeScaling.read(type, leaf, original(leaf, type), maxPositions));
        if (rope.scaling() instanceof RopeScaling.Factors factors
                && factors.divisors().size() != headWidth / 2) {
            throw leaf.wrong("factors", "one factor for each of the " + headWidth / 2 + " pairs of a head");
        }
        boolean sane = DoubleStream.of(rope.frequencies(headWidth)).allMatch(f -> f > 0 && f < 1e6)
                && rope.attention() > 0
                && Double.isFinite(rope.attention());
        if (!sane) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "bad value",
                    leaf.where(),
                    "rotary positions that give finite angles",
                    rope,
                    "correct them or download the config again");
        }
        return rope;
    }

    private OptionalDouble original(ConfigKeys leaf, String type) {
        if (numbers(type).contains(ORIGINAL)) {
            leaf.refuseNull(ORIGINAL, "a positive number");
            return agreed(leaf, ORIGINAL);
        }
        if (config.has(ORIGINAL)) {
            notes.add(withoutEffect(config, ORIGINAL, type));
        }
        return OptionalDouble.empty();
    }

    /** A number that may stand at the top of the config or in {@code leaf}. */
    private OptionalDouble agreed(ConfigKeys leaf, String key) {
        OptionalDouble inside = leaf.optionalNumber(key);
        OptionalDouble top = config.optionalNumber(key);
        if (inside.isPresent() && top.isPresent() && inside.getAsDouble() != top.getAsDouble()) {
            throw config.contradiction(key, leaf.where() + "/" + key, leaf.shown(key));
        }
        return inside.isPresent() ? inside : top;
    }

    private static String type(ConfigKeys leaf) {
        String supported = "one of default, linear, llama3, yarn";
        leaf.refuseNull(TYPE, supported);
        leaf.refuseNull(OLD_TYPE, supported);
        String key = leaf.has(TYPE) ? TYPE : OLD_TYPE;
        if (leaf.has(TYPE) && leaf.has(OLD_TYPE) && !leaf.text(TYPE).equals(leaf.text(OLD_TYPE))) {
            throw leaf.contradiction(TYPE, leaf.where() + "/" + OLD_TYPE, leaf.shown(OLD_TYPE));
        }
        if (!leaf.has(key) && !COMMON.containsAll(leaf.node().propertyNames())) {
            throw leaf.missing(TYPE, supported);
        }
        String type = leaf.text(key).orElse("default");
        if (!NUMBERS.containsKey(type)) {
            throw leaf.unsupported(
                    key,
                    supported,
                    type.equals("dynamic") || type.equals("longrope")
                            ? "its frequencies change with the text's length, which no fixed state can follow"
                            : "use a model with one of these");
        }
        return type;
    }

    private static Set<String> numbers(String type) {
        return NUMBERS.getOrDefault(type, Set.of());
    }

    private void refuseUnknown(ConfigKeys leaf, String type) {
        Set<String> known = new TreeSet<>(COMMON);
        known.addAll(numbers(type));
        for (Map.Entry<String, JsonNode> entry : leaf.node().properties()) {
            String key = entry.getKey();
            if (known.contains(key) || key.equals(FINETUNED)) {
                continue;
            }
            if (NUMBERS.values().stream().noneMatch(keys -> keys.contains(key))) {
                throw unknown(leaf, key, known);
            }
            if (!entry.getValue().isNull()) {
                notes.add(withoutEffect(leaf, key, type));
            }
        }
    }

    private static String withoutEffect(ConfigKeys keys, String key, String type) {
        return "%s/%s has no effect with rope_type %s".formatted(keys.where(), key, type);
    }

    private static LizardException unknown(ConfigKeys leaf, String key, Iterable<String> known) {
        List<String> names = new ArrayList<>();
        known.forEach(names::add);
        return LizardException.at(
                LizardException.Kind.INPUT,
                "unknown key '" + key + "'",
                leaf.where() + "/" + key,
                "one of " + String.join(", ", names),
                leaf.shown(key),
                Nearest.hint(key, names));
    }
}
