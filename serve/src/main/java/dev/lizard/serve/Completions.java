package dev.lizard.serve;

import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.Work;
import dev.lizard.text.Rendering;
import dev.lizard.text.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A request of {@code /v1/completions}.
 *
 * @param asked what is to be done
 * @param texts of the prompts, put before the answers where {@code echo} says so
 */
record Completions(Asked asked, List<String> texts, boolean echo) {
    private static final int USUAL_TOKENS = 16;
    private static final int MOST_TOP = 20;

    static Completions of(Fields fields, Served served, int most, Duration limit, Sessions.@Nullable Hold session) {
        Asked.requireModel(fields, served);
        fields.refuse("leave it out", "response_format", "guided_json", "guided_regex", "structured_outputs");
        Sampling sampling = Sampling.of(fields, served);
        int maxTokens = fields.whole("max_tokens", USUAL_TOKENS, 0, served.context());
        boolean echo = fields.flag("echo", false);
        int top = fields.whole("logprobs", Work.NO_SCORES, 0, MOST_TOP);
        List<String> texts = new ArrayList<>();
        List<Work> works = new ArrayList<>();
        List<Prompt> prompts =
                session == null ? prompts(fields, served, most) : List.of(continuation(fields, served, session.now()));
        for (Prompt prompt : prompts) {
            Asked.requireRoom("prompt", prompt.ids.length, maxTokens, served);
            texts.add(prompt.text);
            works.add(new Work(prompt.ids, sampling.settings(maxTokens), top, echo && top >= 0, limit));
        }
        boolean stream = fields.flag("stream", false);
        Consumer<Event.Ended> after = session == null
                ? ended -> {}
                : ended -> session.goOn(session.now().plain(works.getFirst().prompt(), ended.ids()));
        return new Completions(
                new Asked(works, sampling.choices(), stream, Asked.usage(fields), after), List.copyOf(texts), echo);
    }

    /** All tokens of a session, and those of the prompt behind it. */
    private static Prompt continuation(Fields fields, Served served, Conversation before) {
        Asked.requireOne(fields);
        if (before.isChat()) {
            throw ApiError.field("session", "one that was begun here", "a chat; use /v1/chat/completions");
        }
        JsonNode prompt = fields.get("prompt");
        if (before.ids().length == 0) {
            return prompt(prompt, "prompt", fields, served);
        }
        int[] more;
        if (prompt.isString()) {
            int last = before.ids()[before.ids().length - 1];
            more = served.tokenizer()
                    .encodeContinuation(rendering(prompt.stringValue(), fields), last)
                    .ids();
        } else {
            more = prompt(prompt, "prompt", fields, served).ids;
        }
        return new Prompt(notEmpty(before.followedBy(more), "prompt"), "");
    }

    private static Rendering rendering(String text, Fields fields) {
        return fields.flag("parse_special", true) ? Rendering.trusted(text) : Rendering.quoted(text);
    }

    @SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
    private record Prompt(int[] ids, String text) {}

    /** A text, a list of texts, a list of ids, or a list of such. */
    private static List<Prompt> prompts(Fields fields, Served served, int most) {
        JsonNode prompt = fields.get("prompt");
        boolean several =
                prompt.isArray() && !prompt.isEmpty() && !prompt.get(0).isNumber();
        if (!several) {
            return List.of(prompt(prompt, "prompt", fields, served));
        }
        if (prompt.size() > most) {
            throw ApiError.field("prompt", "at most " + most + " prompts", Integer.toString(prompt.size()));
        }
        List<Prompt> prompts = new ArrayList<>();
        for (JsonNode one : prompt) {
            prompts.add(prompt(one, "prompt[" + prompts.size() + "]", fields, served));
        }
        return prompts;
    }

    private static Prompt prompt(JsonNode node, String name, Fields fields, Served served) {
        Tokenizer tokenizer = served.tokenizer();
        if (node.isArray()) {
            int[] ids = new int[node.size()];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = (int)
                        Fields.whole(node.get(i), name, 0, served.decoder().vocabulary() - 1);
            }
            return new Prompt(notEmpty(ids, name), tokenizer.decode(ids, true));
        }
        if (!node.isString()) {
            throw Fields.wrong(name, "a text, token ids, or a list of these", node);
        }
        String text = node.stringValue();
        return new Prompt(notEmpty(encode(text, fields, tokenizer), name), text);
    }

    /** The ids of a text: with BOS, and special tokens where they are spelled, unless the fields say otherwise. */
    static int[] encode(String text, Fields fields, Tokenizer tokenizer) {
        boolean add = fields.flag("add_special_tokens", true);
        return tokenizer.encode(rendering(text, fields), add).ids();
    }

    private static int[] notEmpty(int[] ids, String name) {
        if (ids.length == 0) {
            throw ApiError.field(name, "at least one token", "none");
        }
        return ids;
    }
}
