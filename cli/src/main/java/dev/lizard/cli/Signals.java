package dev.lizard.cli;

import dev.lizard.base.Interrupt;
import dev.lizard.base.LizardException;

/** Turns Ctrl-C and a polite kill into an {@link Interrupt}. */
final class Signals {
    private Signals() {}

    static void install(Interrupt interrupt, Console console) {
        Runnable stop = () -> {
            if (interrupt.request()) {
                console.note("stopping after this step to save the state; press Ctrl-C again to end at once");
            } else {
                // No shutdown hooks, no waiting: the user asked twice.
                Runtime.getRuntime().halt(LizardException.Kind.INTERRUPTED.exitCode());
            }
        };
        org.jline.utils.Signals.register("INT", stop);
        org.jline.utils.Signals.register("TERM", stop);
    }
}
