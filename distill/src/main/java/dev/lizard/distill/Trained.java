package dev.lizard.distill;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import dev.lizard.model.LoraSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What moves in a stage; all else is frozen.
 *
 * @param mixer groups of the new mixers' parameters ({@code maps}, {@code gate}, {@code mix}), or {@code all}
 * @param lora low-rank updates of projections
 * @param base weights of the model itself: {@code all}, or names as {@link BaseWeights} reads them
 */
public record Trained(
        @Setting(byDefault = "[]") JsonNode mixer,
        @Nullable LoraSpec lora,
        @Setting(byDefault = "[]") JsonNode base) {
    /** All groups of the mixers, or all weights. */
    static final String ALL = "all";

    /** The group of low-rank updates. */
    static final String LORA = "lora";

    public Trained {
        if (list(mixer, "mixer").isEmpty() && lora == null && list(base, "base").isEmpty()) {
            throw new BadSetting(
                    "mixer", "train names nothing: write mixer: all, a lora section, or base: all, or several of them");
        }
    }

    private static List<String> list(JsonNode node, String key) {
        List<String> names = new ArrayList<>();
        if (node.isString() && node.asString().equals(ALL)) {
            return List.of(ALL);
        }
        node.forEach(name -> names.add(name.isString() ? name.asString() : ""));
        if (!node.isArray() || names.contains("")) {
            throw new BadSetting(key, "expected all, or a list of names, but found %s; write [...]".formatted(node));
        }
        return List.copyOf(names);
    }

    /** The mixers' groups that are named. */
    List<String> groups() {
        return list(mixer, "mixer");
    }

    /** What names base weights. */
    List<String> patterns() {
        return list(base, "base");
    }

    /** Whether a group of parameters moves. */
    boolean moves(String group) {
        if (group.equals(LORA)) {
            return lora != null;
        }
        if (BaseWeights.isGroup(group)) {
            return !patterns().isEmpty() && !group.equals(BaseWeights.FROZEN);
        }
        return !group.equals(ALL) && (groups().contains(group) || groups().contains(ALL));
    }
}
