package dev.lizard.mixer;

import dev.lizard.base.ConfigTree;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A kind of mixer: its name in recipes and in {@code config.json}, and how its keys there become a {@link MixerSpec}.
 * All that is known of a mixer without its parameters is asked of its spec; {@link MixerKinds} lists the kinds.
 *
 * @param name as the key {@code mixer} gives it
 * @param type the record whose components are the kind's other keys, in the order they are written
 * @param spec from such a record and the sizes of a layer
 * @param about it, for {@code lizard mixers}
 */
public record MixerKind<K extends Record>(
        String name, Class<K> type, BiFunction<K, HeadDims, MixerSpec> spec, About about) {
    /**
     * Of a {@link MixerCard}.
     *
     * @param what it is, in a few words
     * @param state as the card's
     * @param source where it comes from
     */
    record About(String what, String state, String source) {}

    /** Keys beside {@code mixer}. */
    List<String> keys() {
        return ConfigTree.keysOf(type);
    }

    MixerSpec read(ConfigTree tree, HeadDims dims) {
        return spec.apply(tree.bind(type), dims);
    }
}
