package dev.lizard.langchain4j;

import dev.langchain4j.model.chat.response.StreamingHandle;

/** Said from any thread, heard before the next token. */
final class Cancellation implements StreamingHandle {
    private volatile boolean cancelled;

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }
}
