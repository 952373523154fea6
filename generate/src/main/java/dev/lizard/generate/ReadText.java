package dev.lizard.generate;

import dev.lizard.text.StreamDecoder;
import dev.lizard.text.Tokenizer;
import java.util.List;

/**
 * The text that a session has read: a prompt as a template wrote it, and what the model said after it.
 *
 * <p>Templates may trim what was said when they write it as history, and special tokens in it are not part of a
 * message. It counts as read all the same: the state then holds the model's own words.
 */
public record ReadText(String prompt, String said) {
    /** Of one who has read nothing. */
    public static final ReadText NOTHING = new ReadText("", "");

    /** After {@code prompt}, all that was said: a stop string that was cut off included, so that history is read again. */
    public static ReadText of(String prompt, List<Integer> said, Tokenizer tokenizer) {
        StreamDecoder decoder = tokenizer.streamDecoder(true, true);
        StringBuilder text = new StringBuilder();
        said.forEach(id -> text.append(decoder.append(id)));
        return new ReadText(prompt, text.append(decoder.finish()).toString());
    }

    /** Length of this text as the beginning of {@code whole}, or -1 where {@code whole} begins otherwise. */
    public int lengthIn(String whole) {
        if (whole.startsWith(prompt)) {
            for (String spelling : List.of(said, said.stripTrailing(), said.stripLeading(), said.strip())) {
                if (whole.startsWith(spelling, prompt.length())) {
                    return prompt.length() + spelling.length();
                }
            }
        }
        return -1;
    }
}
