package dev.lizard.cli;

import dev.lizard.base.Interrupt;
import dev.lizard.base.LizardException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Turns Ctrl-C and a polite kill into an {@link Interrupt}. */
final class Signals {
    private Signals() {}

    static void install(Interrupt interrupt, Console console, String note) {
        AtomicBoolean heard = new AtomicBoolean();
        Runnable stop = () -> {
            if (!heard.getAndSet(true)) {
                // The note goes first: work that polls at this moment may end the program before it is written.
                console.note(note);
                interrupt.request();
            } else {
                // No shutdown hooks, no waiting: the user asked twice.
                Runtime.getRuntime().halt(LizardException.Kind.INTERRUPTED.exitCode());
            }
        };
        org.jline.utils.Signals.register("INT", stop);
        org.jline.utils.Signals.register("TERM", stop);
    }
}
