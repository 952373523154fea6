package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.Arrays;

/**
 * The documents of a store in two parts. Depends on the store and the share only, never on a seed: what was held out of
 * one run is held out of all.
 *
 * @param training documents to learn from, in order
 * @param heldOut documents to measure with, in order
 */
@SuppressWarnings("ArrayRecordComponent") // A plain carrier: never compared, never a key.
public record Split(int[] training, int[] heldOut) {
    private static final long SEED = 0x4C697A617264L;

    /**
     * Holds out whole documents, chosen at random, until they have {@code share} of the tokens; one stays for training.
     *
     * @param share from 0 to less than 1
     * @throws LizardException USAGE, where the share is out of range or there are too few documents
     */
    public static Split of(TokenStore store, double share) {
        if (!(share >= 0 && share < 1)) {
            throw LizardException.usage("held-out share %s: expected 0 or more and less than 1".formatted(share));
        }
        int[] all = store.documents();
        if (share == 0) {
            return new Split(all, new int[0]);
        }
        if (all.length < 2) {
            throw LizardException.usage(
                    "held-out share %s: expected at least 2 documents but found %d; set it to 0 or give more data"
                            .formatted(share, all.length));
        }
        int[] order = Shuffle.of(all, SEED, 0);
        double wanted = share * store.description().tokens();
        long held = 0;
        int count = 0;
        while (count < order.length - 1 && (count == 0 || held < wanted)) {
            held += store.length(order[count++]);
        }
        int[] heldOut = Arrays.copyOfRange(order, 0, count);
        int[] training = Arrays.copyOfRange(order, count, order.length);
        Arrays.sort(heldOut);
        Arrays.sort(training);
        return new Split(training, heldOut);
    }
}
