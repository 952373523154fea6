package dev.lizard.generate;

import java.util.Optional;

/**
 * One answer of a {@link ChatSession}.
 *
 * @param generation what was said and its cost; {@code promptTokens} are those read for this turn
 * @param reusedTokens tokens of the conversation that the state knew already and that were not read again
 * @param notice why earlier turns had to be read again, where they had to: one sentence for the user
 */
public record ChatReply(Generation generation, long reusedTokens, Optional<String> notice) {}
