package dev.lizard.mixer;

/**
 * The sizes a mixer must fit.
 *
 * @param width D, width of the layer's input
 * @param heads H, query heads
 * @param keyHeads G, key/value heads; H is a multiple of G
 * @param headWidth d, width of one head
 */
public record HeadDims(int width, int heads, int keyHeads, int headWidth) {
    public HeadDims {
        if (width < 1 || keyHeads < 1 || headWidth < 1 || heads < 1 || heads % keyHeads != 0) {
            throw new IllegalArgumentException(
                    "heads must be a positive multiple of keyHeads, found %d and %d".formatted(heads, keyHeads));
        }
    }

    /** Query heads served by one key/value head. */
    public int group() {
        return heads / keyHeads;
    }
}
