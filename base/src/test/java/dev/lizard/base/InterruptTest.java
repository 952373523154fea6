package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class InterruptTest {
    @Test
    void workStopsAtItsNextCheck() {
        Interrupt interrupt = new Interrupt();
        assertThatCode(() -> interrupt.check("nothing")).doesNotThrowAnyException();

        interrupt.request();

        assertThatThrownBy(() -> interrupt.check("state saved in out/checkpoints"))
                .isInstanceOfSatisfying(
                        LizardException.class,
                        e -> assertThat(e.kind().exitCode()).isEqualTo(130))
                .hasMessage("interrupted; state saved in out/checkpoints");
    }
}
