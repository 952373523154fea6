package dev.lizard.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The architectures of GGUF that are read, and what sets them apart. */
enum GgufFamily {
    /** Also Mistral, which GGUF writes as llama. Rows of q and k are in the interleaved order of rotary pairs. */
    LLAMA("llama", true),
    MISTRAL("mistral", true),
    QWEN2("qwen2", false),
    QWEN3("qwen3", false);

    private final String architecture;
    private final boolean interleaved;

    GgufFamily(String architecture, boolean interleaved) {
        this.architecture = architecture;
        this.interleaved = interleaved;
    }

    String architecture() {
        return architecture;
    }

    /** Whether rows of q and k must be put back into the half-split order. */
    boolean interleaved() {
        return interleaved;
    }

    static Optional<GgufFamily> of(String architecture) {
        return Arrays.stream(values())
                .filter(f -> f.architecture.equals(architecture))
                .findFirst();
    }

    static String supported() {
        return Arrays.stream(values()).map(GgufFamily::architecture).collect(Collectors.joining(", "));
    }
}
