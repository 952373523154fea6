package dev.lizard.text.synthetic;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A text in which something given early is asked for late.
 *
 * @param text the whole text, ASCII, questions and answers included
 * @param answers where the answers stand, in the order of the questions; the first is the one {@code depth} refers to
 * @param depth where the fact asked for stands: 0 at the start of the text, 1 just before the question
 */
public record RecallSample(String text, List<Span> answers, double depth) {
    /** Bytes {@code start} (inclusive) to {@code end} (exclusive). */
    public record Span(int start, int end) {
        public int length() {
            return end - start;
        }
    }

    public RecallSample {
        answers = List.copyOf(answers);
    }

    /** The text of the first answer. */
    public String answer() {
        Span span = answers.getFirst();
        return text.substring(span.start(), span.end());
    }

    /** What stands before the first answer: the prompt for a greedy continuation. */
    public String prompt() {
        return text.substring(0, answers.getFirst().start());
    }

    /** The text as ids of a byte tokenizer, length of the text. */
    public int[] ids() {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i];
        }
        return ids;
    }

    /** Whether each byte belongs to an answer, length of the text: what a loss on answers alone counts. */
    public boolean[] answerMask() {
        boolean[] mask = new boolean[text.length()];
        for (Span span : answers) {
            for (int i = span.start(); i < span.end(); i++) {
                mask[i] = true;
            }
        }
        return mask;
    }
}
