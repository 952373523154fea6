package dev.lizard.base;

import java.util.concurrent.atomic.AtomicBoolean;

/** The user's wish to stop, polled by long work between its steps so that it can save its state first. */
public final class Interrupt {
    private final AtomicBoolean requested = new AtomicBoolean();

    /** Asks for the stop; true the first time. */
    public boolean request() {
        return !requested.getAndSet(true);
    }

    public boolean requested() {
        return requested.get();
    }

    /**
     * Stops here if so asked.
     *
     * @param outcome what the user keeps, such as {@code "state saved in out/checkpoints"}
     * @throws LizardException INTERRUPTED
     */
    public void check(String outcome) {
        if (requested()) {
            throw new LizardException(LizardException.Kind.INTERRUPTED, "interrupted; " + outcome);
        }
    }
}
