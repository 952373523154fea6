package dev.lizard.eval.inside;

import java.util.Locale;

/** What can be examined, in the order in which it is. */
public enum Aspect {
    /** Errors of layers and heads to the teacher. */
    HEADS,
    /** How much mixing weights are the teacher's. */
    WEIGHTS,
    /** Half-lives of the gates. */
    HORIZONS,
    /** What each part of a mixer gives. */
    SHARES,
    /** Likelihood and distance to the teacher by position. */
    POSITIONS,
    /** The student without each part. */
    WITHOUT,
    /** Mixing matrices of one head, and where a prediction comes from. */
    ATTENTION,
    /** How long the student writes what the teacher does. */
    AGREEMENT,
    /** How much it repeats itself. */
    REPETITION,
    /** What both answer to prompts. */
    ANSWERS;

    /** As it is asked for; also the address of its section on the report's page. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether models write for it, which takes longest. */
    public boolean writes() {
        return compareTo(AGREEMENT) >= 0;
    }

    /** As {@link #label}. */
    @Override
    public String toString() {
        return label();
    }
}
