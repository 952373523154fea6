package dev.lizard.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A handler that keeps what it hears; with {@code most} it cancels behind so many parts. */
class Heard implements StreamingChatResponseHandler {
    final List<String> parts = new CopyOnWriteArrayList<>();
    final CompletableFuture<ChatResponse> done = new CompletableFuture<>();
    final CompletableFuture<Void> begun = new CompletableFuture<>();
    private final int most;

    Heard() {
        this(Integer.MAX_VALUE);
    }

    Heard(int most) {
        this.most = most;
    }

    @Override
    public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
        parts.add(part.text());
        begun.complete(null);
        if (parts.size() >= most) {
            context.streamingHandle().cancel();
        }
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
        done.complete(response);
    }

    @Override
    public void onError(Throwable error) {
        done.completeExceptionally(error);
    }

    ChatResponse response() throws Exception {
        return done.get(1, TimeUnit.MINUTES);
    }
}
