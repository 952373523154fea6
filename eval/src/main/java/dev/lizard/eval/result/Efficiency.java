package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * What a context costs.
 *
 * @param context tokens read before
 * @param prefillTokensPerSecond reading them; absent where only the size was computed
 * @param decodeTokensPerSecond writing after them, one at a time; absent as above
 * @param stateBytes what must be kept between two tokens
 */
public record Efficiency(
        String model,
        long context,
        @Nullable Double prefillTokensPerSecond,
        @Nullable Double decodeTokensPerSecond,
        long stateBytes) {}
