package dev.lizard.mixer;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Nearest;
import dev.lizard.base.Origin;
import dev.lizard.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
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
 * ablations and only written when it is not {@code both}, {@code first} when it is not 0.
 */
public final class MixerSpecs {
    private static final String MIXER = "mixer";

    private MixerSpecs() {}

    /** The names that {@code mixer} may have, for help texts. */
    public static List<String> names() {
        return MixerKinds.ALL.stream().map(MixerKind::name).toList();
    }

    /** The keys that a mixer of this name may have, {@code mixer} itself among them; none for an unknown name. */
    public static List<String> keys(String name) {
        return find(name)
                .map(kind ->
                        Stream.concat(Stream.of(MIXER), kind.keys().stream()).toList())
                .orElse(List.of());
    }

    /** What is known of each, in the order of {@link #names}. */
    public static List<MixerCard> cards() {
        return MixerKinds.ALL.stream().map(MixerCard::of).toList();
    }

    private static Optional<MixerKind<?>> find(String name) {
        return MixerKinds.ALL.stream().filter(kind -> kind.name().equals(name)).findFirst();
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
        return find(name)
                .orElseThrow(() -> LizardException.at(
                        kind,
                        "unknown mixer '" + name + "'",
                        where + "/" + MIXER,
                        "one of " + String.join(", ", names()),
                        "'" + name + "'",
                        Nearest.hint(name, names())))
                .read(tree, dims);
    }

    /**
     * Bytes that a model keeps of one sequence after {@code tokens} tokens. A key/value cache counts as many tokens as
     * it must hold; while it grows, it may hold up to twice that. All else is exact.
     *
     * @param specs the mixer of each layer
     * @param model type of the model's activations
     */
    public static long stateBytes(List<MixerSpec> specs, HeadDims dims, DType model, long tokens) {
        return specs.stream()
                .mapToLong(spec -> spec.stateBytes(dims, model, tokens))
                .sum();
    }

    private static String name(ObjectNode node, String where, Kind kind) {
        JsonNode name = node.get(MIXER);
        if (name == null || !name.isString()) {
            throw LizardException.at(
                    kind,
                    name == null ? "missing key" : "wrong type",
                    where + "/" + MIXER,
                    "one of " + String.join(", ", names()),
                    name == null ? "nothing" : name,
                    "name the mixer");
        }
        return name.asString();
    }

    /** The JSON that {@link #read} turns back into an equal spec, every key written out. */
    public static ObjectNode write(MixerSpec spec) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put(MIXER, spec.mixer());
        spec.keys().forEach((key, value) -> {
            switch (value) {
                case Integer number -> node.put(key, number);
                case Double number -> node.put(key, number);
                case String text -> node.put(key, text);
                default -> throw new IllegalArgumentException("no key of a file is a " + value.getClass());
            }
        });
        return node;
    }
}
