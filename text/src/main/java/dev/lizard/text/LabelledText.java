package dev.lizard.text;

import java.util.Arrays;
import java.util.List;

/**
 * A text of which some parts are learnt.
 *
 * @param text the whole
 * @param learnt the parts whose tokens count in the loss, in order, not overlapping
 */
record LabelledText(Rendering text, List<Span> learnt) {
    /** Characters {@code begin} to {@code end}, the latter not included. */
    record Span(int begin, int end) {}

    /** The same text of which the first {@code spans} are not learnt. */
    LabelledText after(int spans) {
        return new LabelledText(text, learnt.subList(spans, learnt.size()));
    }

    /**
     * The text in tokens: it is tokenised as a whole, and a token counts where its first character is in a learnt part.
     * Tokens that the tokenizer adds do not count.
     */
    Document tokenize(Tokenizer tokenizer, boolean addSpecial) {
        Tokenized tokenized = LongText.encode(tokenizer, text, addSpecial);
        int[] ids = tokenized.ids();
        boolean[] learn = new boolean[ids.length];
        int at = 0;
        for (int i = 0; i < ids.length; i++) {
            int start = tokenized.starts()[i];
            while (at < learnt.size() && start >= learnt.get(at).end()) {
                at++;
            }
            learn[i] = at < learnt.size() && start >= learnt.get(at).begin();
        }
        return new Document(ids, learn);
    }

    /** {@code document} followed by {@code id}. */
    static Document append(Document document, int id, boolean learn) {
        int length = document.ids().length;
        int[] ids = Arrays.copyOf(document.ids(), length + 1);
        boolean[] learnAll = Arrays.copyOf(document.learn(), length + 1);
        ids[length] = id;
        learnAll[length] = learn;
        return new Document(ids, learnAll);
    }
}
