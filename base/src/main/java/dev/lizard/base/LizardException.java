package dev.lizard.base;

/**
 * A failure that a user can act on: one line that says what went wrong, where, and what to do, and the exit code that
 * scripts may rely on. Anything else that escapes is a fault of this program.
 *
 * <p>The line reads {@code <what> in <where>: <expected> but <found>; <what to do>}; build it with {@link #at}. It
 * is always one line ({@link OneLine}).
 */
public final class LizardException extends RuntimeException {
    /** What kind of failure this is; the exit code is part of the command line's contract. */
    public enum Kind {
        /** The work itself failed: diverged, verification refused, task failed. */
        FAILED(1),
        /** Wrong usage or configuration. */
        USAGE(2),
        /** A bad input file: corrupt, truncated, unsupported, mismatched. */
        INPUT(3),
        /** The environment: no memory, no disk, no usable device, a native library missing. */
        ENVIRONMENT(4),
        /** Interrupted by the user; state was saved. */
        INTERRUPTED(130);

        private final int exitCode;

        Kind(int exitCode) {
            this.exitCode = exitCode;
        }

        public int exitCode() {
            return exitCode;
        }
    }

    private final Kind kind;

    public LizardException(Kind kind, String message) {
        super(OneLine.of(message));
        this.kind = kind;
    }

    public LizardException(Kind kind, String message, Throwable cause) {
        super(OneLine.of(message), cause);
        this.kind = kind;
    }

    /** The full form of the line; {@code where} is a file, {@code file/key} or a flag. */
    public static LizardException at(
            Kind kind, String what, Object where, String expected, Object found, String whatToDo) {
        return new LizardException(
                kind, "%s in %s: expected %s but found %s; %s".formatted(what, where, expected, found, whatToDo));
    }

    /** As above, with its cause. */
    public static LizardException at(
            Kind kind, String what, Object where, String expected, Object found, String whatToDo, Throwable cause) {
        LizardException line = at(kind, what, where, expected, found, whatToDo);
        line.initCause(cause);
        return line;
    }

    public static LizardException usage(String message) {
        return new LizardException(Kind.USAGE, message);
    }

    public static LizardException input(String message) {
        return new LizardException(Kind.INPUT, message);
    }

    public static LizardException failed(String message) {
        return new LizardException(Kind.FAILED, message);
    }

    public static LizardException environment(String message) {
        return new LizardException(Kind.ENVIRONMENT, message);
    }

    public Kind kind() {
        return kind;
    }
}
