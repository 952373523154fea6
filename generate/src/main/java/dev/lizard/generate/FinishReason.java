package dev.lizard.generate;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Why a generation ended. */
public enum FinishReason {
    /** A token that ends a text, or a stop string. */
    STOP,
    /** As many tokens as were asked for. */
    LENGTH,
    /** The user asked to stop. */
    CANCELLED;

    /** As in JSON: {@code stop}, {@code length}, {@code cancelled}. */
    @JsonValue
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
