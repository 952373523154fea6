package dev.lizard.text;

/**
 * A text in tokens.
 *
 * @param ids [T] token ids
 * @param starts [T] index in the text (UTF-16 units) where each token begins; tokens that stand for no text (an added
 *     BOS) have -1
 */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
public record Tokenized(int[] ids, int[] starts) {
    public Tokenized {
        if (ids.length != starts.length) {
            throw new IllegalArgumentException("%d ids but %d starts".formatted(ids.length, starts.length));
        }
    }
}
