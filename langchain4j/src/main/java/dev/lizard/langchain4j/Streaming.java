package dev.lizard.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a handler what is written. What it throws itself is handed to its {@code onError} and ends the answer; after that,
 * and after a cancellation, it hears nothing more.
 */
final class Streaming {
    private static final Logger LOG = LoggerFactory.getLogger(LizardChatModel.class);

    private final StreamingChatResponseHandler handler;
    private final Cancellation cancellation = new Cancellation();

    Streaming(StreamingChatResponseHandler handler) {
        this.handler = handler;
    }

    boolean isCancelled() {
        return cancellation.isCancelled();
    }

    void piece(String text) {
        if (!isCancelled()) {
            PartialResponseContext context = new PartialResponseContext(cancellation);
            guarded(() -> handler.onPartialResponse(new PartialResponse(text), context));
        }
    }

    void complete(ChatResponse answer) {
        if (!isCancelled()) {
            guarded(() -> handler.onCompleteResponse(answer));
        }
    }

    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            cancellation.cancel();
            failed(e);
        }
    }

    void failed(RuntimeException why) {
        try {
            handler.onError(why);
        } catch (RuntimeException e) {
            LOG.warn("a handler failed in its onError", e);
        }
    }
}
