package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.TokenScore;
import dev.lizard.serve.schedule.Work;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Plain continuations, the prompt before them where it is to be echoed. */
final class CompletionShape implements Shape {
    private final TokenTexts texts;
    private final Completions request;
    private final Map<Integer, TokenTexts.Places> places = new HashMap<>(); // of the choices of a stream

    CompletionShape(TokenTexts texts, Completions request) {
        this.texts = texts;
        this.request = request;
    }

    @Override
    public String object(boolean part) {
        return "text_completion";
    }

    @Override
    public String prefix() {
        return "cmpl-";
    }

    @Override
    public @Nullable ObjectNode opening(int work, int index, List<TokenScore> prompt) {
        if (!request.echo()) {
            return null;
        }
        TokenTexts.Places at = places(work);
        places.put(index, at);
        return choice(prompted(work), first(work), prompt, at);
    }

    @Override
    public List<ObjectNode> parts(int index, Event.Piece piece) {
        return List.of(choice(piece.text(), -1, piece.tokens(), places.computeIfAbsent(index, _ -> texts.places())));
    }

    @Override
    public List<ObjectNode> endings(int choice, String reason) {
        return List.of(Json.object().put("text", "").putNull("logprobs").put(REASON, reason));
    }

    @Override
    public ObjectNode whole(int work, List<TokenScore> prompt, String text, List<TokenScore> tokens, String reason) {
        if (!request.echo()) {
            return choice(text, -1, tokens, texts.places()).put(REASON, reason);
        }
        List<TokenScore> all = new ArrayList<>(prompt);
        all.addAll(tokens);
        return choice(prompted(work) + text, first(work), all, places(work)).put(REASON, reason);
    }

    private String prompted(int work) {
        return request.texts().get(work);
    }

    private Work work(int work) {
        return request.asked().works().get(work);
    }

    private int first(int work) {
        return work(work).promptScores() ? work(work).prompt()[0] : -1;
    }

    private TokenTexts.Places places(int work) {
        return texts.places(prompted(work), work(work).prompt());
    }

    private ObjectNode choice(String text, int first, List<TokenScore> tokens, TokenTexts.Places at) {
        ObjectNode choice = Json.object().put("text", text);
        boolean scores = work(0).top() >= 0;
        return scores ? choice.set("logprobs", texts.completion(first, tokens, at)) : choice.putNull("logprobs");
    }
}
