package dev.lizard.generate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was generated and what it cost; written as JSON it has the fields that {@code generate --json} promises.
 *
 * @param text what was made, without stop string and special tokens
 * @param ids the tokens made, all of them read by the session too; an ending token is neither
 * @param promptTokens tokens read before the first was made
 * @param completionTokens length of {@code ids}
 * @param finishReason why it ended
 * @param prefillTokensPerS speed of reading the prompt; 0 for an empty one
 * @param decodeTokensPerS speed of making tokens; 0 where none was made
 * @param stateBytes bytes of the session's state at the end
 * @param peakRssBytes the most memory the process ever held, where the system tells
 */
public record Generation(
        String text,
        List<Integer> ids,
        int promptTokens,
        int completionTokens,
        FinishReason finishReason,
        double prefillTokensPerS,
        double decodeTokensPerS,
        long stateBytes,
        @Nullable Long peakRssBytes) {
    public Generation {
        ids = List.copyOf(ids);
    }
}
