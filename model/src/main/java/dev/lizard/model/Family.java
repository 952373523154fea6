package dev.lizard.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The model families read here. They share one decoder stack and differ only in what {@link ModelConfig} says. */
public enum Family {
    /** Llama 1 to 3.2 and all that follow its layout (SmolLM2, TinyLlama, ...). */
    LLAMA("llama"),
    /** Mistral: Llama with a sliding window in some versions. */
    MISTRAL("mistral"),
    /** Qwen2 and Qwen2.5: biases on q, k and v. */
    QWEN2("qwen2"),
    /** Qwen3: norms on q and k. */
    QWEN3("qwen3");

    private final String modelType;

    Family(String modelType) {
        this.modelType = modelType;
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
