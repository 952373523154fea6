package dev.lizard.text;

import java.util.List;

/**
 * A text of which some parts count in the loss.
 *
 * @param text the whole
 * @param lossSpans the parts whose tokens count, in order, not overlapping
 */
record LabelledText(Rendering text, List<Span> lossSpans) {
    /** Characters {@code begin} to {@code end}, the latter not included. */
    record Span(int begin, int end) {}

    /** The same text of which the first {@code spans} do not count. */
    LabelledText after(int spans) {
        return new LabelledText(text, lossSpans.subList(spans, lossSpans.size()));
    }

    /**
     * [T] whether tokens count that begin at {@code starts}: those whose first character is in one of {@code spans}.
     * Tokens that the tokenizer adds do not.
     */
    static boolean[] lossMask(List<Span> spans, int[] starts) {
        boolean[] mask = new boolean[starts.length];
        int at = 0;
        for (int i = 0; i < starts.length; i++) {
            while (at < spans.size() && starts[i] >= spans.get(at).end()) {
                at++;
            }
            mask[i] = at < spans.size() && starts[i] >= spans.get(at).begin();
        }
        return mask;
    }
}
