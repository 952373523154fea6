package dev.lizard.generate;

import java.util.List;

/**
 * The text that a session has read: a prompt as a template wrote it, and what the model said after it.
 *
 * <p>Templates may trim what was said when they write it as history, and special tokens in it are not part of a
 * message. It counts as read all the same: the state then holds the model's own words.
 */
record ReadText(String prompt, String said) {
    static final ReadText NOTHING = new ReadText("", "");

    /** Length of this text as the beginning of {@code whole}, or -1 where {@code whole} begins otherwise. */
    int lengthIn(String whole) {
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
