package dev.lizard.serve;

import dev.lizard.base.LizardException;
import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.Work;
import dev.lizard.text.Message;
import dev.lizard.text.Messages;
import dev.lizard.text.Rendering;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A request of {@code /v1/chat/completions}. */
final class ChatCompletions {
    private static final int USUAL_TOKENS = 4_096;
    private static final int MOST_TOP = 20;

    private ChatCompletions() {}

    /** What is asked; words of messages never become control tokens. */
    static Asked of(Fields fields, Served served, Duration limit, Sessions.@Nullable Hold session) {
        Asked.requireModel(fields, served);
        refuse(fields);
        Sampling sampling = Sampling.of(fields, served);
        JsonNode list = fields.get("messages");
        Conversation before = session == null ? Conversation.EMPTY : continued(fields, session);
        List<Message> messages = new ArrayList<>(before.messages());
        messages.addAll(guarded("messages", () -> Messages.of(list, "messages")));
        boolean open = fields.flag("add_generation_prompt", true);
        Rendering text = guarded("messages", () -> served.chat().render(messages, open));
        int[] ids = guarded("messages", () -> ids(text, before, served));
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
        Work work = new Work(ids, sampling.settings(maxTokens), scores ? top : Work.NO_SCORES, false, limit);
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
        return new Asked(List.of(work), sampling.choices(), stream, Asked.usage(fields), after);
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

    private static void refuse(Fields fields) {
        if (!"text".equals(fields.object("response_format").text("type"))) {
            fields.refuse("only {\"type\": \"text\"} is", "response_format");
        }
        if (!(fields.has("tool_choice")
                && fields.get("tool_choice").isString()
                && fields.get("tool_choice").stringValue().equals("none"))) {
            fields.refuse("leave it out, or set tool_choice to none", "tools", "functions");
        }
        fields.refuse("leave it out", "audio", "guided_json", "guided_regex", "structured_outputs");
    }

    private interface Step<T> {
        T run();
    }

    /** What a template or a tokenizer refuses is the request's fault. */
    private static <T> T guarded(String name, Step<T> step) {
        try {
            return step.run();
        } catch (LizardException e) {
            if (e.kind() != LizardException.Kind.INPUT) {
                throw e;
            }
            throw ApiError.refused(name, String.valueOf(e.getMessage()));
        }
    }
}
