package dev.lizard.eval.result;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a model is in the story of a conversion; decides its colour and its place in tables. */
public enum Role {
    /** The softmax model that everything is measured against. */
    TEACHER,
    /** The new mixers in place, untrained. */
    SWAPPED,
    /** After attention transfer. */
    TRANSFERRED,
    /** After both stages: the result. */
    STUDENT,
    /** The student with its linear branch switched off. */
    WINDOW_ONLY,
    /** The student with its window switched off. */
    LINEAR_ONLY,
    /** Anything else that is compared. */
    OTHER;

    /** As it stands in {@code results.json}: {@code window-only}. */
    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
