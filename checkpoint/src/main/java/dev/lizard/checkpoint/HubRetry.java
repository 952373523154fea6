package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.time.Duration;

/** Counts tries that brought nothing, waits longer after each and gives up in the end. */
final class HubRetry {
    private final HubOptions options;
    private final String what;
    private int failures;

    HubRetry(HubOptions options, String what) {
        this.options = options;
        this.what = what;
    }

    void progressed() {
        failures = 0;
    }

    /** Waits for the next try, or throws ENVIRONMENT with the last cause. */
    void failed(IOException cause) {
        failures++;
        if (failures >= options.attempts()) {
            throw new LizardException(
                    LizardException.Kind.ENVIRONMENT,
                    "cannot download %s from %s: %s after %d tries; check the network and run again to resume"
                            .formatted(what, options.base(), BadFile.brief(cause.toString()), failures),
                    cause);
        }
        Duration wait = options.pause().multipliedBy(1L << Math.min(failures - 1, 6));
        try {
            Thread.sleep(wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LizardException(
                    LizardException.Kind.INTERRUPTED, "download of %s interrupted".formatted(what), e);
        }
    }
}
