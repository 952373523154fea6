package dev.lizard.text;

import java.util.List;

/** How a model wants a conversation written; {@link ChatTemplate} is the usual one. */
@FunctionalInterface
public interface ChatFormat {
    /**
     * The conversation as one text, special tokens included.
     *
     * @param addGenerationPrompt whether to end with the opening of the assistant's next turn
     */
    String render(List<Message> messages, boolean addGenerationPrompt);

    /** Names the format in caches of what it wrote: formats that may write differently must have different names. */
    default String fingerprint() {
        return getClass().getName();
    }
}
