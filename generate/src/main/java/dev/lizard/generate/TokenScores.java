package dev.lizard.generate;

/** Hears the scores after each token that is read. */
@FunctionalInterface
public interface TokenScores {
    /**
     * The scores of what follows a token.
     *
     * @param index of the token in what is read
     * @param scores [V] in float32; not to be changed or kept
     */
    void take(int index, float[] scores);
}
