package dev.lizard.text;

/**
 * Tokens of a document: all of a short one, some of a long one.
 *
 * @param ids [T] token ids, the document's EOS included
 * @param lossMask [T] whether predicting this token counts in the loss
 * @param last whether the document ends with them
 */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
record DocumentPart(int[] ids, boolean[] lossMask, boolean last) {
    DocumentPart {
        if (ids.length != lossMask.length) {
            throw new IllegalArgumentException("%d ids but a mask of %d".formatted(ids.length, lossMask.length));
        }
    }
}
