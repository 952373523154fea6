package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/** Which mixer each replaced layer gets: the recipe's, or what {@code by_layer} makes of it. */
final class LayerMixers {
    private LayerMixers() {}

    /**
     * Some layers' mixer.
     *
     * @param layers their numbers
     * @param mixer keys that are others than the recipe's mixer's; all of them where it names another mixer
     */
    public record Other(List<Integer> layers, ObjectNode mixer) {
        public Other {
            layers = List.copyOf(layers);
        }
    }

    /**
     * @param usual the keys of the recipe's mixer
     * @param where the recipe, for messages
     * @throws LizardException USAGE for a layer that is not replaced or is named twice, and for keys without effect
     */
    static SortedMap<Integer, MixerSpec> of(Recipe recipe, ObjectNode usual, Decoder decoder, String where) {
        MixerSpec spec = read(usual, decoder, where + "/mixer");
        SortedMap<Integer, MixerSpec> specs = new TreeMap<>();
        for (int layer : LayerChoice.of(recipe.layers(), decoder.layers(), where)) {
            specs.put(layer, spec);
        }
        SortedMap<Integer, String> named = new TreeMap<>();
        for (int i = 0; i < recipe.byLayer().size(); i++) {
            Other other = recipe.byLayer().get(i);
            String key = where + "/by_layer." + i;
            MixerSpec own = read(keys(usual, other.mixer()), decoder, key + ".mixer");
            if (own.equals(spec) || other.layers().isEmpty()) {
                throw fault("keys without effect", key, "another mixer, and layers", other, "take them out");
            }
            for (int layer : other.layers()) {
                if (!specs.containsKey(layer)) {
                    throw fault(
                            "wrong layers", key + ".layers", "some of " + specs.keySet(), layer, "correct the number");
                }
                String before = named.putIfAbsent(layer, key);
                if (before != null) {
                    throw fault(
                            "layer named twice",
                            key + ".layers",
                            "each once",
                            layer + " as in " + before,
                            "take one out");
                }
                specs.put(layer, own);
            }
        }
        return specs;
    }

    private static ObjectNode keys(ObjectNode usual, ObjectNode other) {
        boolean another = other.has("mixer") && !other.get("mixer").equals(usual.get("mixer"));
        return another ? other.deepCopy() : usual.deepCopy().setAll(other);
    }

    private static MixerSpec read(ObjectNode keys, Decoder decoder, String where) {
        ObjectNode complete = keys.deepCopy();
        SlotStages.limit(complete, decoder.config());
        return MixerSpecs.read(complete, decoder.headDims(), where);
    }

    private static LizardException fault(String what, String where, String expected, Object found, String advice) {
        return LizardException.at(LizardException.Kind.USAGE, what, where, expected, String.valueOf(found), advice);
    }
}
