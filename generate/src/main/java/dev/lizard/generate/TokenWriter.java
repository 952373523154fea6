package dev.lizard.generate;

import dev.lizard.base.LizardException;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** What becomes of the tokens that are drawn for one sequence. */
public interface TokenWriter {
    /**
     * Hears the next token. It is read by the model only where it belongs to the text; so the sequence can be continued
     * after one that ends it.
     *
     * @return whether it is to be read
     */
    boolean take(int id);

    /** Whether no further token is wanted; asked before each is drawn. */
    boolean isDone();

    /** The ids of which the next is to be drawn; null for any. On a card that costs a copy to the host a token. */
    default @Nullable BitSet allowed() {
        return null;
    }

    /** Whether {@link #scores} is to be told; on a card that costs a copy to the host a token. */
    default boolean wantsScores() {
        return false;
    }

    /** The scores [V] from which the next token is drawn; not to be changed or kept. */
    default void scores(float[] scores) {}

    /**
     * Its lane of an {@link Engine} has ended; the session that joined stands where the text ends.
     *
     * @param failure why it had to; null where it was done. Whoever does not throw it has dealt with it.
     */
    default void left(@Nullable LizardException failure) {
        if (failure != null) {
            throw failure;
        }
    }
}
