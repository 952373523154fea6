package dev.lizard.base;

/** The user's wish to stop, polled by long work between its steps so that it can save its state first. */
public final class Interrupt {
    private volatile boolean requested;

    /** Asks for the stop. */
    public void request() {
        requested = true;
    }

    public boolean requested() {
        return requested;
    }

    /**
     * Stops here if so asked.
     *
     * @param outcome what the user keeps, such as {@code "state saved in out/checkpoints"}
     * @throws LizardException INTERRUPTED
     */
    public void check(String outcome) {
        if (requested) {
            throw new LizardException(LizardException.Kind.INTERRUPTED, "interrupted; " + outcome);
        }
    }
}
