package dev.lizard.mixer;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What is known of a kind of mixer without a model: a line of {@code lizard mixers}.
 *
 * @param name as recipes and configs give it
 * @param about what it is
 * @param state numbers that a layer's state holds, as an expression in sizes (H, G, d), tokens read (T) and keys: w
 *     {@code window}, m {@code first}, f or p {@code features}, s {@code slots} of {@code kv-cache}, N {@code state}, and n = m + w of a memory
 *     that has either, w being at least 1 then; slots of other mixers come on top
 * @param stateType of these numbers: the model's, or float32 (float64 in models of that type), or the one of slots
 * @param forms in which it computes the same map
 * @param keys of recipes and configs beside {@code mixer}
 * @param branches whether it is of parts of which one may be left out with {@code branches}
 * @param firstTokens whether {@code first} keeps the first tokens exactly
 * @param source where it comes from
 */
public record MixerCard(
        String name,
        String about,
        String state,
        String stateType,
        List<String> forms,
        List<String> keys,
        boolean branches,
        boolean firstTokens,
        String source) {
    static MixerCard of(MixerKind<?> kind) {
        List<String> keys = kind.keys();
        return new MixerCard(
                kind.name(),
                kind.about().what(),
                kind.about().state(),
                kind.about().state().contains("T")
                        ? "the model's"
                        : keys.contains("slot_type") ? "float32, slots by slot_type" : "float32",
                Arrays.stream(Form.values())
                        .map(form -> form.name().toLowerCase(Locale.ROOT))
                        .toList(),
                keys,
                keys.contains("branches"),
                keys.contains("first"),
                kind.about().source());
    }
}
