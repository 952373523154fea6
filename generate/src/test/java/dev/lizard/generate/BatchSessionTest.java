package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LiveTensors.class)
class BatchSessionTest {
    @ParameterizedTest
    @EnumSource(Kind.class)
    void rowsAreAsSessionsOfTheirOwn(Kind kind) {
        try (Decoder decoder = Tiny.decoder(kind);
                BatchSession batch = new BatchSession(decoder, 3)) {
            int[][] prompts = {Tiny.ids(1, 600), Tiny.ids(2, 600), Tiny.ids(3, 600)};
            float[][] found = batch.read(prompts);
            for (int step = 0; step < 5; step++) {
                found = batch.step(new int[] {step, 2 * step, 3 * step});
            }
            assertThat(batch.tokens()).isEqualTo(605);
            for (int row = 0; row < 3; row++) {
                try (Session session = new Session(decoder)) {
                    session.prefill(prompts[row]);
                    for (int step = 0; step < 5; step++) {
                        session.step((row + 1) * step);
                    }
                    for (int id = 0; id < Tiny.VOCABULARY; id++) {
                        assertThat(found[row][id]).isCloseTo(session.logits()[id], within(1e-3f));
                    }
                    assertThat(batch.stateBytes()).isEqualTo(3 * session.stateBytes());
                }
            }
        }
    }

    @Test
    void sequencesMustBeOfEqualLength() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                BatchSession batch = new BatchSession(decoder, 2)) {
            assertThatThrownBy(() -> batch.read(new int[][] {{1, 2}, {1}}))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> batch.step(new int[] {1})).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
