package dev.lizard.model;

import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.LolcatsSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.tensor.DType;
import java.util.List;

/** Bytes that a model keeps of one sequence between two tokens, without loading it. */
public final class StateSize {
    private StateSize() {}

    /**
     * Bytes after {@code tokens} tokens. A key/value cache counts as many tokens as it must hold; while it grows, it
     * may hold up to twice that. All else is what {@link DecoderState#bytes} tells.
     *
     * @param specs the mixer of each layer
     * @param dtype type of the model's activations
     */
    public static long bytes(List<MixerSpec> specs, HeadDims dims, DType dtype, long tokens) {
        return specs.stream()
                .mapToLong(spec -> bytes(spec, dims, dtype, tokens))
                .sum();
    }

    /** Bytes of a key/value cache of {@code tokens} tokens in each of {@code layers} layers. */
    public static long cacheBytes(int layers, HeadDims dims, DType dtype, long tokens) {
        return layers * pairs(dims, tokens, dtype);
    }

    private static long bytes(MixerSpec spec, HeadDims dims, DType dtype, long tokens) {
        DType wide = dtype == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32; // what the others remember in
        return switch (spec) {
            case SoftmaxSpec _ -> pairs(dims, tokens, dtype);
            case WindowSpec window -> pairs(dims, window.window(), wide);
            case LizardSpec lizard -> pairs(dims, lizard.window(), wide) + memory(dims, lizard.features(), wide);
            case LolcatsSpec lolcats -> pairs(dims, lolcats.window(), wide) + memory(dims, lolcats.features(), wide);
        };
    }

    /** Keys and values [2, G, tokens, d]. */
    private static long pairs(HeadDims dims, long tokens, DType dtype) {
        return 2L * dims.keyHeads() * tokens * dims.headWidth() * dtype.bytes();
    }

    /** A matrix a head over both halves of the features, with its normaliser [H, 2f, d + 1]. */
    private static long memory(HeadDims dims, int features, DType dtype) {
        return 2L * features * dims.heads() * (dims.headWidth() + 1) * dtype.bytes();
    }
}
