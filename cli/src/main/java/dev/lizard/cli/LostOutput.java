package dev.lizard.cli;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Standard output cannot be written any more, which ends every command. It is no {@link LizardException}, so that no
 * command takes it for a mistake that a person at the terminal could correct.
 */
final class LostOutput extends RuntimeException {
    /** 128 + SIGPIPE, what a shell reports of a program that writes to a pipe nobody reads. */
    private static final int CLOSED = 141;

    private static final Path TARGET = Path.of("/proc/self/fd/1");

    LostOutput(@Nullable IOException cause) {
        super(cause == null ? "cannot be written" : String.valueOf(cause.getMessage()), cause);
    }

    /** A reader that went away, as {@code head} does, is no mistake: nothing is said of it. */
    Failure failure() {
        String message = String.valueOf(getMessage());
        String lower = message.toLowerCase(Locale.ROOT);
        boolean full = lower.contains("no space left");
        boolean neverOpen = lower.contains("bad file");
        if (lower.contains("pipe") || (!full && !neverOpen && isPipe())) {
            return new Failure(CLOSED, "");
        }
        String cause = full ? "no space left on its device" : message;
        String advice = neverOpen ? "open it, or send it to a file" : "send it elsewhere";
        return new Failure(
                LizardException.Kind.ENVIRONMENT.exitCode(),
                "cannot write standard output: %s; %s".formatted(cause, advice));
    }

    /** The system's messages may be in any language. */
    private static boolean isPipe() {
        try {
            String target = Files.readSymbolicLink(TARGET).toString();
            return target.startsWith("pipe:") || target.startsWith("socket:");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
