package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.TokenScore;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Messages of an assistant. */
record ChatShape(TokenTexts texts, boolean scores) implements Shape {
    @Override
    public String object(boolean part) {
        return part ? "chat.completion.chunk" : "chat.completion";
    }

    @Override
    public String prefix() {
        return "chatcmpl-";
    }

    @Override
    public @Nullable ObjectNode opening(int work, int index, List<TokenScore> prompt) {
        ObjectNode choice = Json.object();
        choice.putObject("delta").put("role", "assistant").put("content", "");
        return choice.putNull("logprobs");
    }

    @Override
    public List<ObjectNode> parts(int index, Event.Piece piece) {
        return List.of(part(Json.object().put("content", piece.text()), piece.tokens()));
    }

    /** A part of a stream that tells {@code delta}. */
    ObjectNode part(ObjectNode delta, List<TokenScore> tokens) {
        return logprobs(Json.object().set("delta", delta), tokens);
    }

    @Override
    public List<ObjectNode> endings(int choice, String reason) {
        ObjectNode last = Json.object();
        last.putObject("delta");
        return List.of(last.putNull("logprobs").put(REASON, reason));
    }

    @Override
    public ObjectNode whole(int work, List<TokenScore> prompt, String text, List<TokenScore> tokens, String reason) {
        ObjectNode choice = Json.object();
        choice.putObject("message")
                .put("role", "assistant")
                .put("content", text)
                .putNull("refusal");
        return logprobs(choice, tokens).put(REASON, reason);
    }

    private ObjectNode logprobs(ObjectNode choice, List<TokenScore> tokens) {
        return scores ? choice.set("logprobs", texts.chat(tokens)) : choice.putNull("logprobs");
    }
}
