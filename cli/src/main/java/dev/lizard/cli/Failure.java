package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.base.OneLine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParameterException;

/** Any failure as the one line and the exit code that the contract promises. */
record Failure(int code, String line) {
    private static final int ENVIRONMENT = LizardException.Kind.ENVIRONMENT.exitCode();
    private static final int FAULT = LizardException.Kind.FAILED.exitCode();

    Failure {
        line = OneLine.of(line);
    }

    static Failure of(Throwable thrown, @Nullable ConfigLayers layers) {
        LostOutput lost = find(thrown, LostOutput.class);
        if (lost != null) {
            return lost.failure();
        }
        LizardException known = find(thrown, LizardException.class);
        if (known != null) {
            return new Failure(known.kind().exitCode(), String.valueOf(known.getMessage()));
        }
        if (thrown instanceof ParameterException e) {
            return new Failure(LizardException.Kind.USAGE.exitCode(), ParameterFaults.describe(e, layers));
        }
        if (find(thrown, OutOfMemoryError.class) != null) {
            return new Failure(
                    ENVIRONMENT,
                    "out of memory: the Java heap of %d MiB is full; raise it with LIZARD_HEAP=4g, or ask for less"
                            .formatted(Runtime.getRuntime().maxMemory() >> 20));
        }
        InvalidPathException path = find(thrown, InvalidPathException.class);
        if (path != null) {
            return new Failure(LizardException.Kind.USAGE.exitCode(), invalid(path));
        }
        // What libtorch says has a trace of C++ below its first line.
        String message = String.valueOf(thrown.getMessage())
                .lines()
                .map(String::strip)
                .findFirst()
                .orElse("");
        if (isNativeMemory(message)) {
            return new Failure(
                    ENVIRONMENT,
                    "out of memory: " + message + "; try a smaller batch, --dtype bfloat16 or --device cpu");
        }
        if (thrown instanceof IOException || thrown instanceof UncheckedIOException) {
            return new Failure(ENVIRONMENT, io(thrown, message));
        }
        return new Failure(
                FAULT,
                "%s: %s; this is a fault of lizard: run again with --debug and report what it prints"
                        .formatted(thrown.getClass().getSimpleName(), message));
    }

    private static String invalid(InvalidPathException fault) {
        return "'%s' cannot be the name of a file here: expected characters of %s but found %s; %s"
                .formatted(
                        fault.getInput(),
                        System.getProperty("sun.jnu.encoding"),
                        fault.getReason(),
                        "set LC_ALL=C.UTF-8, or name another file");
    }

    private static boolean isNativeMemory(String message) {
        String lower = message.toLowerCase(Locale.ROOT);
        return lower.contains("out of memory") || lower.contains("not enough memory");
    }

    private static String io(Throwable thrown, String message) {
        if (message.contains("No space left on device")) {
            return "no space left on the disk: " + message + "; free some, or choose another --out or --cache";
        }
        String what =
                find(thrown, AccessDeniedException.class) != null ? "no permission for " : "cannot read or write: ";
        return what + message + "; check the path and its permissions";
    }

    private static <T extends Throwable> @Nullable T find(Throwable thrown, Class<T> type) {
        Throwable at = thrown;
        while (at != null) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
            at = at.getCause();
        }
        return null;
    }
}
