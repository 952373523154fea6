package dev.lizard.model;

import dev.lizard.mixer.WindowSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The sliding window of each layer: {@code sliding_window} and what a family reads beside it. */
record WindowKeys(ConfigKeys config, Family family, int layers, List<String> notes) {
    private static final String WINDOW = "sliding_window";
    private static final String USE = "use_sliding_window";
    private static final String FULL_LAYERS = "max_window_layers";
    private static final String TYPES = "layer_types";

    private static final int USUAL_WINDOW = 4096;
    private static final int USUAL_FULL_LAYERS = 28;

    /** Tokens that each layer sees, the query's own included; 0 for all. */
    List<Integer> read() {
        if (family.mixesWindows()) {
            config.refuseNull(USE, "true or false");
            config.optionalInt(WINDOW); // a whole number, used or not
            return mixed(config.flag(USE, false) ? window() : 0);
        }
        int window = family == Family.MISTRAL ? window() : 0;
        if (window == 0 && config.has(WINDOW)) {
            passOver(WINDOW);
        }
        if (config.has(USE) && config.flag(USE, false) != (window > 0)) {
            passOver(USE);
        }
        if (config.has(TYPES)) {
            types().stream()
                    .filter(type -> type.equals(RopeKeys.FULL) == window > 0)
                    .findFirst()
                    .ifPresent(type -> {
                        throw config.wrong(
                                TYPES,
                                "%s alone in a %s model with %s"
                                        .formatted(
                                                window > 0 ? RopeKeys.SLIDING : RopeKeys.FULL,
                                                family.modelType(),
                                                window > 0 ? WINDOW + " " + window : "no window"));
                    });
        }
        return Collections.nCopies(layers, window);
    }

    private void passOver(String key) {
        notes.add("%s/%s has no effect in a %s model".formatted(config.where(), key, family.modelType()));
    }

    /** An absent key means the usual window, null none. */
    private int window() {
        int window = config.names(WINDOW) ? config.optionalCount(WINDOW).orElse(0) : USUAL_WINDOW;
        if (window > WindowSpec.LARGEST) {
            throw config.wrong(WINDOW, "at most %d tokens".formatted(WindowSpec.LARGEST));
        }
        return window;
    }

    private List<Integer> mixed(int window) {
        config.refuseNull(FULL_LAYERS, "a whole number");
        int full = config.optionalInt(FULL_LAYERS).orElse(USUAL_FULL_LAYERS);
        List<Integer> windows = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            windows.add(layer < full ? 0 : window);
        }
        if (!config.has(TYPES)) {
            return windows;
        }
        List<Integer> typed = new ArrayList<>();
        for (String type : types()) {
            if (type.equals(RopeKeys.SLIDING) && window == 0) {
                throw config.wrong(TYPES, RopeKeys.FULL + " alone, as no sliding window is used");
            }
            typed.add(type.equals(RopeKeys.SLIDING) ? window : 0);
        }
        if (config.has(FULL_LAYERS) && !typed.equals(windows)) {
            notes.add("%s/%s has no effect beside %s".formatted(config.where(), FULL_LAYERS, TYPES));
        }
        return typed;
    }

    private List<String> types() {
        JsonNode node = config.node().get(TYPES);
        if (!node.isArray() || node.size() != layers) {
            throw config.wrong(TYPES, "a list of " + layers + " layer types");
        }
        List<String> types = new ArrayList<>();
        for (JsonNode item : node) {
            String type = item.asString("");
            if (!type.equals(RopeKeys.FULL) && !type.equals(RopeKeys.SLIDING)) {
                throw config.unsupported(TYPES, RopeKeys.FULL + " or " + RopeKeys.SLIDING, "use another model");
            }
            types.add(type);
        }
        return types;
    }
}
