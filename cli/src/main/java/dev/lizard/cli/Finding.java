package dev.lizard.cli;

import java.util.Locale;

/**
 * One thing {@code doctor} looked at.
 *
 * @param check its short name, stable for scripts
 * @param detail what was found
 * @param fix the next step, naming our own flag or variable; empty when there is nothing to do
 */
record Finding(String check, Status status, String detail, String fix) {
    /** How good it is; only {@link #FAIL} keeps lizard from working. */
    enum Status {
        OK,
        WARN,
        FAIL;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Finding ok(String check, String detail) {
        return new Finding(check, Status.OK, detail, "");
    }

    static Finding warn(String check, String detail, String fix) {
        return new Finding(check, Status.WARN, detail, fix);
    }

    static Finding fail(String check, String detail, String fix) {
        return new Finding(check, Status.FAIL, detail, fix);
    }
}
