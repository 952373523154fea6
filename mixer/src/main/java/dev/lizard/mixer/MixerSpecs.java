package dev.lizard.mixer;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Nearest;
import dev.lizard.base.Origin;
import dev.lizard.base.Setting;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@link MixerSpec}s as JSON, the same in recipes and in {@code config.json}:
 *
 * <pre>
 *   {"mixer": "lizard", "window": 128, "features": 64, "meta": 4, "shortest_half_life": 32, "longest_half_life": 2048}
 * </pre>
 *
 * <p>{@code mixer} names the kind; every other key may be left out. {@code branches} (both, window or linear) is for
 * ablations and only written when it is not {@code both}.
 */
public final class MixerSpecs {
    private static final String MIXER = "mixer";
    static final double MOST_WINDOW = WindowSpec.LARGEST;
    static final double MOST_FEATURES = 1 << 12;
    static final double MOST_META = 1 << 10;
    private static final List<String> NAMES =
            List.of("softmax", "window", "lizard", "lizard-sum", "lizard-literal", "lolcats");

    // The keys beside `mixer` that each kind has in a file, with their defaults. Half a feature map is as wide as a
    // head.

    record SoftmaxKeys() {}

    record WindowKeys(
            @Setting(byDefault = "128", min = 1, max = MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = MOST_META)
            int meta) {}

    record LolcatsKeys(
            @Setting(byDefault = "128", min = 1, max = MOST_WINDOW)
            int window,

            @Setting(min = 1, max = MOST_FEATURES) @Nullable Integer features,
            @Setting(byDefault = "both") Branches branches) {
        MixerSpec spec(HeadDims dims) {
            return new LolcatsSpec(window, features == null ? dims.headWidth() : features, branches);
        }
    }

    record LizardKeys(
            @Setting(byDefault = "128", min = 1, max = MOST_WINDOW)
            int window,

            @Setting(min = 1, max = MOST_FEATURES) @Nullable Integer features,

            @Setting(byDefault = "4", min = 0, max = MOST_META)
            int meta,

            @Setting(byDefault = "32", min = 1e-3, max = 1e9)
            double shortestHalfLife,

            @Setting(byDefault = "2048", min = 1e-3, max = 1e9)
            double longestHalfLife,

            @Setting(byDefault = "both") Branches branches) {
        LizardKeys {
            if (longestHalfLife < shortestHalfLife) {
                throw new IllegalArgumentException("longest_half_life %s is below shortest_half_life %s; swap them"
                        .formatted(longestHalfLife, shortestHalfLife));
            }
        }

        MixerSpec spec(Variant variant, HeadDims dims) {
            int half = features == null ? dims.headWidth() : features;
            return new LizardSpec(variant, window, half, meta, shortestHalfLife, longestHalfLife, branches);
        }
    }

    private MixerSpecs() {}

    /** The names that {@code mixer} may have, for help texts. */
    public static List<String> names() {
        return NAMES;
    }

    /** The keys that a mixer of this name may have, {@code mixer} itself among them; none for an unknown name. */
    public static List<String> keys(String name) {
        Class<?> type = switch (name) {
            case "softmax" -> SoftmaxKeys.class;
            case "window" -> WindowKeys.class;
            case "lizard", "lizard-sum", "lizard-literal" -> LizardKeys.class;
            case "lolcats" -> LolcatsKeys.class;
            default -> null;
        };
        return type == null
                ? List.of()
                : Stream.concat(Stream.of(MIXER), ConfigTree.keysOf(type).stream())
                        .toList();
    }

    /** As {@link #read(ObjectNode, HeadDims, String, Kind)}; faults are usage errors. */
    public static MixerSpec read(ObjectNode node, HeadDims dims, String where) {
        return read(node, dims, where, Kind.USAGE);
    }

    /**
     * The spec that {@code node} describes.
     *
     * @param dims the layer's sizes; half a feature map is as wide as a head unless {@code features} says otherwise
     * @param where the file and the key that hold {@code node}, for messages
     * @param kind what a fault is: USAGE in a recipe, INPUT in a model's own files
     * @throws LizardException of that kind for an unknown mixer or key (naming the nearest), a missing {@code mixer},
     *     a value of the wrong type or out of range
     */
    public static MixerSpec read(ObjectNode node, HeadDims dims, String where, Kind kind) {
        String name = name(node, where, kind);
        ObjectNode rest = node.deepCopy();
        rest.remove(MIXER);
        ConfigTree tree = ConfigTree.of(rest, new Origin(Origin.Layer.CONFIG_FILE, where), kind);
        return switch (name) {
            case "softmax" -> {
                tree.bind(SoftmaxKeys.class);
                yield new SoftmaxSpec();
            }
            case "window" -> {
                WindowKeys keys = tree.bind(WindowKeys.class);
                yield new WindowSpec(keys.window, keys.meta);
            }
            case "lizard" -> tree.bind(LizardKeys.class).spec(Variant.JOINT, dims);
            case "lizard-sum" -> tree.bind(LizardKeys.class).spec(Variant.SUM, dims);
            case "lizard-literal" -> tree.bind(LizardKeys.class).spec(Variant.LITERAL, dims);
            case "lolcats" -> tree.bind(LolcatsKeys.class).spec(dims);
            default ->
                throw LizardException.at(
                        kind,
                        "unknown mixer '" + name + "'",
                        where + "/" + MIXER,
                        "one of " + String.join(", ", NAMES),
                        "'" + name + "'",
                        Nearest.hint(name, NAMES));
        };
    }

    private static String name(ObjectNode node, String where, Kind kind) {
        JsonNode name = node.get(MIXER);
        if (name == null || !name.isString()) {
            throw LizardException.at(
                    kind,
                    name == null ? "missing key" : "wrong type",
                    where + "/" + MIXER,
                    "one of " + String.join(", ", NAMES),
                    name == null ? "nothing" : name,
                    "name the mixer");
        }
        return name.asString();
    }

    /** The JSON that {@link #read} turns back into an equal spec, every key written out. */
    public static ObjectNode write(MixerSpec spec) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put(MIXER, spec.mixer());
        switch (spec) {
            case SoftmaxSpec _ -> {}
            case WindowSpec window -> node.put("window", window.window()).put("meta", window.meta());
            case LolcatsSpec lolcats -> {
                node.put("window", lolcats.window()).put("features", lolcats.features());
                writeBranches(node, lolcats.branches());
            }
            case LizardSpec lizard -> {
                node.put("window", lizard.window())
                        .put("features", lizard.features())
                        .put("meta", lizard.meta())
                        .put("shortest_half_life", lizard.shortestHalfLife())
                        .put("longest_half_life", lizard.longestHalfLife());
                writeBranches(node, lizard.branches());
            }
        }
        return node;
    }

    private static void writeBranches(ObjectNode node, Branches branches) {
        switch (branches) {
            case BOTH -> {}
            case WINDOW -> node.put("branches", "window");
            case LINEAR -> node.put("branches", "linear");
        }
    }
}
