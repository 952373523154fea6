package dev.lizard.serve;

import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.Work;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.Message;
import dev.lizard.text.Messages;
import dev.lizard.text.Rendering;
import dev.lizard.text.grammar.Grammar;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A request of {@code /v1/chat/completions}.
 *
 * @param tools that may be called; none for an answer in words
 */
record ChatCompletions(Asked asked, Tools tools) {
    private static final int USUAL_TOKENS = 4_096;
    private static final int MOST_TOP = 20;

    /** What is asked; words of messages never become control tokens. */
    static ChatCompletions of(
            Fields fields, Served served, Grammars grammars, Duration limit, Sessions.@Nullable Hold session) {
        Asked.requireModel(fields, served);
        fields.refuse("leave it out", "audio", "guided_json", "guided_regex", "structured_outputs");
        Tools tools = Tools.of(fields);
        Sampling sampling = Sampling.of(fields, served);
        ChatFormat chat = tools.in(served.chat());
        Grammar grammar = grammar(fields, tools, chat);
        JsonNode list = fields.get("messages");
        Conversation before = session == null ? Conversation.EMPTY : continued(fields, session);
        List<Message> messages = new ArrayList<>(before.messages());
        messages.addAll(ApiError.guarded(
                "messages",
                () -> Messages.of(list, "messages").stream()
                        .map(ToolForm::withObjects)
                        .toList()));
        boolean open = fields.flag("add_generation_prompt", true);
        Rendering text = ApiError.guarded("messages", () -> chat.render(messages, open));
        int[] ids = ApiError.guarded("messages", () -> ids(text, before, served));
        if (ids.length == 0) {
            throw ApiError.field("messages", "at least one token", "none");
        }
        Asked.requireRoom("messages", ids.length, 1, served);
        int usual = Math.min(USUAL_TOKENS, served.context() - ids.length);
        int maxTokens = fields.whole(
                "max_completion_tokens", fields.whole("max_tokens", usual, 1, served.context()), 1, served.context());
        if (fields.has("max_completion_tokens") || fields.has("max_tokens")) {
            Asked.requireRoom("messages", ids.length, maxTokens, served);
        }
        boolean scores = fields.flag("logprobs", false);
        int top = fields.whole("top_logprobs", 0, 0, MOST_TOP);
        if (top > 0 && !scores) {
            throw ApiError.field("top_logprobs", "logprobs to be true too", "false");
        }
        Set<Integer> shown = tools.isEmpty() ? Set.of() : ToolForm.shown(served.tokenizer());
        Work work = new Work(
                ids,
                sampling.settings(maxTokens, shown, grammar == null ? null : grammars.of(grammar)),
                scores ? top : Work.NO_SCORES,
                false,
                limit);
        boolean stream = fields.flag("stream", false);
        Consumer<Event.Ended> after = session == null
                ? ended -> {}
                : ended -> session.goOn(before.chat(
                        messages,
                        text.text(),
                        ids,
                        new Message("assistant", ended.text()),
                        ended.ids(),
                        served.tokenizer()));
        return new ChatCompletions(
                new Asked(List.of(work), sampling.choices(), stream, Asked.usage(fields), after), tools);
    }

    private static Conversation continued(Fields fields, Sessions.Hold session) {
        Asked.requireOne(fields);
        if (session.now().isPlain()) {
            throw ApiError.field("session", "one that was begun here", "plain text; use /v1/completions");
        }
        return session.now();
    }

    /** Of what a session has read, the tokens it has read, whatever else might spell them; the rest behind them. */
    private static int[] ids(Rendering text, Conversation before, Served served) {
        int read = before.ids().length == 0 ? -1 : before.read().lengthIn(text.text());
        if (read < 0) {
            return served.tokenizer().encode(text, false).ids();
        }
        int last = before.ids()[before.ids().length - 1];
        int[] more =
                served.tokenizer().encodeContinuation(text.from(read), last).ids();
        return before.followedBy(more);
    }

    private static @Nullable Grammar grammar(Fields fields, Tools tools, ChatFormat chat) {
        Grammar format = Grammars.format(fields);
        if (tools.isEmpty()) {
            return format;
        }
        if (format != null) {
            throw ApiError.unsupported("response_format beside tools", "leave one of them out");
        }
        return tools.grammar(ToolForm.of(chat));
    }

    boolean scores() {
        return asked.works().getFirst().top() >= 0;
    }
}
