package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;

/** A way to make texts that only memory can finish. */
public sealed interface RecallTask permits Passkey, KeyValues, Copying {
    /** Short name for tables and files. */
    String name();

    /** The fewest bytes a sample can have. */
    int shortest();

    /**
     * A text of {@code length} bytes exactly.
     *
     * @param depth where the first fact asked for stands: 0 at the start of the text, 1 just before the question
     * @throws IllegalArgumentException when the length is below {@link #shortest} or the depth outside [0, 1]
     */
    RecallSample generate(int length, double depth, RandomStream random);

    /** Throws unless {@link #generate} may be called so. */
    default void check(int length, double depth) {
        if (length < shortest()) {
            throw new IllegalArgumentException(
                    "%s needs at least %d bytes, not %d".formatted(name(), shortest(), length));
        }
        if (!(depth >= 0 && depth <= 1)) {
            throw new IllegalArgumentException("depth must lie in [0, 1], not " + depth);
        }
    }
}
