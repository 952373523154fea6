package dev.lizard.base;

/**
 * A failure that a user can act on: one line that says what went wrong, where, and what to do, and the exit code that
 * scripts may rely on. Anything else that escapes is a fault of this program.
 *
 * <p>The line reads {@code <what> in <where>: <expected> but <found>; <what to do>}; build it with {@link #at}. Control
 * characters that come with a name out of a file are spelt ({@code \n}), so that it stays one line, and what is longer
 * than a screen loses its middle.
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

    /** Characters of a message's beginning, which says what and where, and of its end, which says what to do. */
    private static final int HEAD = 900;

    private static final int TAIL = 300;

    private final Kind kind;

    public LizardException(Kind kind, String message) {
        super(oneLine(message));
        this.kind = kind;
    }

    public LizardException(Kind kind, String message, Throwable cause) {
        super(oneLine(message), cause);
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

    /** Messages quote names out of files, which may hold anything: what would end the line or act on a terminal is spelt. */
    public static String oneLine(String message) {
        StringBuilder line = new StringBuilder(message.length());
        message.codePoints().forEach(c -> {
            if (c == '\n') {
                line.append("\\n");
            } else if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
                line.append("\\u%04x".formatted(c));
            } else {
                line.appendCodePoint(c);
            }
        });
        return line.length() <= HEAD + TAIL
                ? line.toString()
                : line.substring(0, HEAD) + " ... " + line.substring(line.length() - TAIL);
    }

    public Kind kind() {
        return kind;
    }
}
