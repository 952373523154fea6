package dev.lizard.mixer;

/** The forms in which every causal mixer computes the same map ("one law, three forms", ARCHITECTURE.md). */
public enum Form {
    /** One pass over all pairs of tokens, O(T²): the definition, easiest to read and to check. */
    PARALLEL,
    /** Chunk by chunk, O(T): training and prefill. */
    CHUNK,
    /** Token by token with a constant state: generation. */
    RECURRENT
}
