package dev.lizard.generate;

/** Hears of a generation as it goes; what it throws ends the generation. */
public interface GenerationListener {
    /** Says nothing. */
    GenerationListener NONE = new GenerationListener() {};

    /** {@code read} of {@code total} tokens of the prompt were read; {@code total} is 0 where that is not known. */
    default void prompt(long read, long total) {}

    /** Whole characters that come next in the text; never part of a stop string. */
    default void text(String piece) {}

    /** The next token, before its text. */
    default void token(int id) {}
}
