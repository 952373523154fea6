package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What every error a user may see must keep to. */
final class Errors {
    private Errors() {}

    /** Runs {@code work} and demands one line of the given kind that contains each text. */
    static void refused(Kind kind, ThrowingCallable work, String... texts) {
        assertThatThrownBy(work).isInstanceOfSatisfying(LizardException.class, e -> {
            assertThat(e.kind()).isEqualTo(kind);
            assertThat(e.getMessage()).contains(texts).doesNotContain("\n", "\r");
        });
    }
}
