package dev.lizard.serve.schedule;

import dev.lizard.generate.GenerationSettings;
import java.time.Duration;
import java.util.List;

/**
 * What is asked of the engine: a prompt to read and how it is to be continued.
 *
 * @param prompt token ids of the vocabulary, one or more
 * @param choices the continuations, each with the seed of its own; none to read only
 * @param top for how many of the likeliest tokens their probabilities are told; {@link #NO_SCORES} to tell none
 * @param promptScores whether probabilities are told of the prompt's tokens too
 * @param limit the time it may take, waiting included
 */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
public record Work(int[] prompt, List<GenerationSettings> choices, int top, boolean promptScores, Duration limit) {
    /** No probabilities. */
    public static final int NO_SCORES = -1;

    public Work {
        choices = List.copyOf(choices);
        if (prompt.length == 0) {
            throw new IllegalArgumentException("an empty prompt");
        }
        if (promptScores && top < 0) {
            throw new IllegalArgumentException("scores of the prompt without scores");
        }
    }
}
