package dev.lizard.cli;

import dev.lizard.base.LizardException;

/** Whole numbers of flags within their bounds. */
final class Ranges {
    private Ranges() {}

    /**
     * Refuses what is outside.
     *
     * @param most the greatest that is right; no bound is named where it is about the greatest int
     * @throws LizardException USAGE naming the flag
     */
    static void require(String flag, int value, int least, int most) {
        if (value < least || value > most) {
            String range = most >= Integer.MAX_VALUE - 1 ? least + " or more" : least + " to " + most;
            throw LizardException.usage("%s out of range: expected %s but found %d".formatted(flag, range, value));
        }
    }
}
