package dev.lizard.text;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a model wants a conversation written; {@link ChatTemplate} is the usual one. */
@FunctionalInterface
public interface ChatFormat {
    /**
     * The conversation as one text, special tokens included; the words of the messages are quoted, each from the number
     * of its message.
     *
     * @param addGenerationPrompt whether to end with the opening of the assistant's next turn
     */
    Rendering render(List<Message> messages, boolean addGenerationPrompt);

    /** The same with what a conversation has beside its messages, {@code tools} for instance. */
    default ChatFormat with(Map<String, ? extends @Nullable Object> extras) {
        return this;
    }

    /** Names the format in caches of what it wrote: formats that may write differently must have different names. */
    default String fingerprint() {
        return getClass().getName();
    }

    /** A line a message, for models without a chat template. */
    static ChatFormat lines() {
        return (messages, addGenerationPrompt) -> {
            Rendering all = Rendering.trusted("");
            for (int i = 0; i < messages.size(); i++) {
                String text = messages.get(i).content();
                Rendering.Quote quote = new Rendering.Quote(0, text.length(), i, true);
                all = all.plus(new Rendering(text, text.isEmpty() ? List.of() : List.of(quote)))
                        .plus(Rendering.trusted("\n"));
            }
            return all;
        };
    }
}
