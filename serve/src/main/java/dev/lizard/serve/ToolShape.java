package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.TokenScore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Messages of an assistant that may call functions. A call is told when it is complete. */
final class ToolShape implements Shape {
    private static final String CALLED = "tool_calls";

    private final ChatShape words;
    private final Tools tools;
    private final Map<Integer, Heard> heard = new HashMap<>(); // by choice

    /** What a stream has told of a choice. */
    private static final class Heard {
        private final ToolCallReader reader;
        private final List<TokenScore> tokens = new ArrayList<>(); // of words that are held back
        private int calls;

        private Heard(ToolCallReader reader) {
            this.reader = reader;
        }
    }

    ToolShape(ChatShape words, Tools tools) {
        this.words = words;
        this.tools = tools;
    }

    @Override
    public String object(boolean part) {
        return words.object(part);
    }

    @Override
    public String prefix() {
        return words.prefix();
    }

    @Override
    public @Nullable ObjectNode opening(int work, int index, List<TokenScore> prompt) {
        return words.opening(work, index, prompt);
    }

    private ToolCallReader reader() {
        return new ToolCallReader(tools.functions().keySet());
    }

    /** All of them, or the first where there is to be one. */
    private List<ToolCall> calls(ToolCallReader reader) {
        return tools.several() || reader.calls().isEmpty()
                ? reader.calls()
                : reader.calls().subList(0, 1);
    }

    @Override
    public List<ObjectNode> parts(int index, Event.Piece piece) {
        Heard choice = heard.computeIfAbsent(piece.choice(), _ -> new Heard(reader()));
        choice.tokens.addAll(piece.tokens());
        return told(choice, choice.reader.append(piece.text()));
    }

    private List<ObjectNode> told(Heard choice, String text) {
        List<ObjectNode> parts = new ArrayList<>();
        if (!text.isEmpty()) {
            parts.add(words.part(Json.object().put("content", text), choice.tokens));
            choice.tokens.clear();
        }
        List<ToolCall> calls = calls(choice.reader);
        for (; choice.calls < calls.size(); choice.calls++) {
            ToolCall call = calls.get(choice.calls);
            parts.add(delta(choice, new ToolCall(call.name(), "").json(id())));
            ObjectNode rest = Json.object();
            rest.putObject("function").put("arguments", call.arguments());
            parts.add(delta(choice, rest));
        }
        return parts;
    }

    private ObjectNode delta(Heard choice, ObjectNode call) {
        ObjectNode delta = Json.object();
        delta.putArray(CALLED).add(Json.object().put("index", choice.calls).setAll(call));
        ObjectNode part = words.part(delta, choice.tokens);
        choice.tokens.clear();
        return part;
    }

    @Override
    public List<ObjectNode> endings(int choice, String reason) {
        Heard all = heard.computeIfAbsent(choice, _ -> new Heard(reader()));
        List<ObjectNode> parts = told(all, all.reader.finish());
        parts.addAll(words.endings(choice, reason(all.reader, reason)));
        return parts;
    }

    @Override
    public ObjectNode whole(int work, List<TokenScore> prompt, String text, List<TokenScore> tokens, String reason) {
        ToolCallReader reader = reader();
        String content = reader.append(text) + reader.finish();
        ObjectNode choice = words.whole(work, prompt, content, tokens, reason(reader, reason));
        if (!reader.calls().isEmpty() && choice.get("message") instanceof ObjectNode message) {
            message.put("content", content.isEmpty() ? null : content);
            ArrayNode list = message.putArray(CALLED);
            calls(reader).forEach(call -> list.add(call.json(id())));
        }
        return choice;
    }

    private static String reason(ToolCallReader reader, String reason) {
        return reader.calls().isEmpty() || !reason.equals("stop") ? reason : CALLED;
    }

    private static String id() {
        return "call_" + UUID.randomUUID().toString().replace("-", "");
    }
}
