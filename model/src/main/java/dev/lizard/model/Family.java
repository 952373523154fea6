package dev.lizard.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The model families read here. They share one decoder stack and differ only in what {@link ModelConfig} says. */
public enum Family {
    /** Llama 1 to 3.2 and all that follow its layout (SmolLM2, TinyLlama, ...). */
    LLAMA("llama", 2048, 0),
    /** Mistral: Llama with a sliding window in some versions. */
    MISTRAL("mistral", 131_072, 8),
    /** Qwen2 and Qwen2.5: biases on q, k and v. */
    QWEN2("qwen2", 32_768, 32),
    /** Qwen3: norms on q and k. */
    QWEN3("qwen3", 32_768, 32);

    private final String modelType;
    private final int positions;
    private final int keyHeads;

    Family(String modelType, int positions, int keyHeads) {
        this.modelType = modelType;
        this.positions = positions;
        this.keyHeads = keyHeads;
    }

    // What keys that a config leaves out mean: transformers' own defaults for the family.

    int usualPositions() {
        return positions;
    }

    /** Key/value heads beside {@code heads} query heads. */
    int usualKeyHeads(int heads) {
        return keyHeads == 0 ? heads : keyHeads;
    }

    OptionalInt usualHeadWidth() {
        return this == QWEN3 ? OptionalInt.of(128) : OptionalInt.empty();
    }

    OptionalInt usualBos() {
        return this == LLAMA || this == MISTRAL ? OptionalInt.of(1) : OptionalInt.empty();
    }

    List<Integer> usualEos() {
        return this == LLAMA || this == MISTRAL ? List.of(2) : List.of();
    }

    /** Whether a layer's attention may be full or sliding, by {@code layer_types}. */
    boolean mixesWindows() {
        return this == QWEN2 || this == QWEN3;
    }

    /** The {@code model_type} of a config. */
    public String modelType() {
        return modelType;
    }

    static Optional<Family> of(String modelType) {
        return Arrays.stream(values())
                .filter(f -> f.modelType.equals(modelType))
                .findFirst();
    }

    /** All {@code model_type}s. */
    public static List<String> supported() {
        return Arrays.stream(values()).map(Family::modelType).toList();
    }
}
