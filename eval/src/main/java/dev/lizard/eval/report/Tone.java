package dev.lizard.eval.report;

import dev.lizard.eval.result.Role;

/** The CSS class that gives a role its colour, the same in every chart and table. */
final class Tone {
    private Tone() {}

    static String of(Role role) {
        return switch (role) {
            case TEACHER -> "t-teacher";
            case SWAPPED -> "t-swapped";
            case TRANSFERRED -> "t-transferred";
            case STUDENT -> "t-student";
            case WINDOW_ONLY -> "t-window";
            case LINEAR_ONLY -> "t-linear";
            case OTHER -> "t-other";
        };
    }
}
