package dev.lizard.serve;

import dev.lizard.base.Json;
import dev.lizard.serve.schedule.TokenScore;
import dev.lizard.text.StreamDecoder;
import dev.lizard.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Probabilities of tokens as the two interfaces write them. */
record TokenTexts(Tokenizer tokenizer) {
    /** The text of a token by itself; a part of a character shows as U+FFFD. */
    String of(int id) {
        StreamDecoder decoder = tokenizer.streamDecoder(false, true);
        return decoder.append(id) + decoder.finish();
    }

    /** Where the tokens of a text begin in it, told one after the other, in characters of Unicode. */
    static final class Places {
        private final StreamDecoder answer;
        private final StreamDecoder prompt;
        private final int length; // of the prompt's text
        private int left; // tokens of it
        private int at;

        private Places(StreamDecoder prompt, int left, int length, StreamDecoder answer) {
            this.prompt = prompt;
            this.left = left;
            this.length = length;
            this.answer = answer;
        }

        /**
         * Where {@code id} begins, which by itself would be {@code own}. Parts of a character begin where it does, tokens
         * without text where the next one does.
         */
        int next(int id, String own) {
            String text = left > 0 ? prompt.append(id) : answer.append(id);
            int before = text.endsWith(own) ? text.length() - own.length() : 0; // parts of a character that did not end
            int begin = at + text.codePointCount(0, before);
            at += text.codePointCount(0, text.length());
            if (left > 0 && --left == 0) {
                at = length;
            }
            return begin;
        }
    }

    /** Of an answer by itself. */
    Places places() {
        return places("", new int[0]);
    }

    /** Of a prompt and the answer behind it; the prompt's control tokens have the text that {@code text} has of them. */
    Places places(String text, int[] prompt) {
        boolean spelt = !tokenizer.decode(prompt, true).equals(text);
        return new Places(
                tokenizer.streamDecoder(!spelt, false),
                prompt.length,
                text.codePointCount(0, text.length()),
                tokenizer.streamDecoder(true, true));
    }

    /** {@code logprobs.content} of a chat. */
    ObjectNode chat(List<TokenScore> tokens) {
        ObjectNode all = Json.object();
        ArrayNode content = all.putArray("content");
        for (TokenScore token : tokens) {
            ObjectNode one = content.addObject();
            put(one, token.id(), token.logprob());
            ArrayNode top = one.putArray("top_logprobs");
            token.top().forEach(likely -> put(top.addObject(), likely.id(), likely.logprob()));
        }
        return all;
    }

    private void put(ObjectNode node, int id, float logprob) {
        String text = of(id);
        node.put("token", text).put("logprob", logprob);
        if (text.indexOf('\uFFFD') >= 0) {
            node.putNull("bytes");
            return;
        }
        ArrayNode bytes = node.putArray("bytes");
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            bytes.add(b & 0xFF);
        }
    }

    /**
     * {@code logprobs} of a completion.
     *
     * @param first the id of a first token, which has no probability; -1 for none
     * @param places of the text that they go on with
     */
    ObjectNode completion(int first, List<TokenScore> tokens, Places places) {
        ObjectNode all = Json.object();
        ArrayNode offsets = all.putArray("text_offset");
        ArrayNode logprobs = all.putArray("token_logprobs");
        ArrayNode texts = all.putArray("tokens");
        ArrayNode tops = all.putArray("top_logprobs");
        if (first >= 0) {
            offsets.add(places.next(first, of(first)));
            logprobs.addNull();
            texts.add(of(first));
            tops.addNull();
        }
        for (TokenScore token : tokens) {
            String text = of(token.id());
            offsets.add(places.next(token.id(), text));
            logprobs.add(token.logprob());
            texts.add(text);
            ObjectNode top = tops.addObject();
            for (TokenScore.Likely likely : token.top()) {
                String key = of(likely.id());
                if (!top.has(key)) { // the likelier of two that look the same
                    top.put(key, likely.logprob());
                }
            }
            if (!top.has(text)) {
                top.put(text, token.logprob());
            }
        }
        return all;
    }
}
