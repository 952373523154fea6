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
     * @param offset where the first begins in the text
     */
    ObjectNode completion(int first, List<TokenScore> tokens, int offset) {
        ObjectNode all = Json.object();
        ArrayNode offsets = all.putArray("text_offset");
        ArrayNode logprobs = all.putArray("token_logprobs");
        ArrayNode texts = all.putArray("tokens");
        ArrayNode tops = all.putArray("top_logprobs");
        int at = offset;
        if (first >= 0) {
            offsets.add(at);
            logprobs.addNull();
            texts.add(of(first));
            tops.addNull();
            at += of(first).length();
        }
        for (TokenScore token : tokens) {
            String text = of(token.id());
            offsets.add(at);
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
            at += text.length();
        }
        return all;
    }
}
