package dev.lizard.serve.schedule;

import dev.lizard.generate.GenerationSettings;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of the engine: a prompt to read and how it is to be continued.
 *
 * @param prompt token ids of the vocabulary, one or more
 * @param choices the continuations, each with the seed of its own; none to read only
 * @param top for how many of the likeliest tokens their probabilities are told; {@link #NO_SCORES} to tell none
 * @param promptScores whether probabilities are told of the prompt's tokens too
 * @param limit the time it may take, waiting included
 * @param transfer of the state after the prompt; null for none
 */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
public record Work(
        int[] prompt,
        List<GenerationSettings> choices,
        int top,
        boolean promptScores,
        Duration limit,
        @Nullable Transfer transfer) {
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
        if (transfer != null && !choices.isEmpty()) {
            throw new IllegalArgumentException("a transfer with choices");
        }
    }

    /** Text to be written. */
    public Work(int[] prompt, List<GenerationSettings> choices, int top, boolean promptScores, Duration limit) {
        this(prompt, choices, top, promptScores, limit, null);
    }

    /** A state to be stored or loaded. */
    public Work(int[] prompt, Duration limit, Transfer transfer) {
        this(prompt, List.of(), NO_SCORES, false, limit, transfer);
    }
}
