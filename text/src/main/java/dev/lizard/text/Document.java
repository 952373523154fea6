package dev.lizard.text;

/**
 * A document of a corpus in tokens.
 *
 * @param ids [T] token ids, its EOS included
 * @param learn [T] whether predicting this token counts in the loss
 */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
public record Document(int[] ids, boolean[] learn) {
    public Document {
        if (ids.length != learn.length) {
            throw new IllegalArgumentException("%d ids but %d labels".formatted(ids.length, learn.length));
        }
    }
}
