package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import java.util.Locale;

/** How slots hold keys and values. */
public enum SlotType {
    /** Whole numbers of one byte and a scale a vector. */
    INT8,
    /** The type of the model. */
    MODEL;

    /** As it stands in a file. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Numbers beside key and value: the score, and the scales of both. */
    int marks() {
        return this == INT8 ? 3 : 1;
    }

    /** Bytes of one slot of a key/value head, its token's position included. */
    long bytes(int headWidth, DType model) {
        long each = this == INT8 ? DType.INT8.bytes() : model.bytes();
        long marks = (long) marks() * Mixer.computing(model).bytes();
        return 2L * headWidth * each + marks + DType.INT32.bytes();
    }
}
