package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Many sequences at many positions as one batch of a whole decoder. */
@ExtendWith(LiveTensors.class)
class DecoderRowsTest {
    private static final int ROWS = 64;
    private static final int MORE = 5;

    private static final List<MixerSpec> SPECS = List.of(
            new LizardSpec(LizardSpec.Variant.JOINT, 4, 2, 6, 2, 4, 32, LizardSpec.Branches.BOTH),
            new SoftmaxSpec(),
            new WindowSpec(6, 1, 2));

    private static Decoder decoder(MixerSpec spec) {
        Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32);
        Map<String, Tensor> parameters = new HashMap<>();
        spec.initial(decoder.headDims(), new RandomStream(2))
                .forEach(p -> parameters.put(p.name(), decoder.own(p.initial())));
        for (int layer = 0; layer < decoder.layers(); layer++) {
            decoder.replaceMixer(layer, spec.create(decoder.headDims(), parameters));
        }
        return decoder;
    }

    @Test
    void sixtyFourSequencesAtSixtyFourPositionsAreOneBatch() {
        for (MixerSpec spec : SPECS) {
            try (Scope scope = Scope.open();
                    Decoder decoder = decoder(spec);
                    Gradients off = Gradients.off();
                    DecoderState all = decoder.newState(ROWS)) {
                Tensor ids = TinyModels.ids(3, ROWS, ROWS + MORE, 50); // row r has read r of its tokens
                for (int row = 1; row < ROWS; row++) {
                    try (Scope work = Scope.open();
                            DecoderState one = decoder.newState(1)) {
                        decoder.advance(ids.narrow(0, row, 1).narrow(1, 0, row), one);
                        all.put(row, one, 0);
                    }
                }
                Execution execution = decoder.execution();
                for (int step = 0; step < MORE; step++) {
                    Tensor next = next(ids, step);
                    Tensor together = decoder.advance(next, all); // [64, 1, D]
                    for (int row = 0; row < ROWS; row += 9) {
                        try (Scope work = Scope.open()) {
                            Tensor alone =
                                    decoder.hidden(ids.narrow(0, row, 1).narrow(1, 0, row + step + 1L), Form.PARALLEL);
                            assertThat(Shared.relative(
                                            together.narrow(0, row, 1), alone.narrow(1, row + (long) step, 1)))
                                    .as("%s, row %d, step %d", spec, row, step)
                                    .isLessThan(1e-5);
                        }
                    }
                }
                assertThat(decoder.execution()).isSameAs(execution);
                assertThat(all.tokens(7)).isEqualTo(7 + MORE);
                assertThatThrownBy(all::tokens).hasMessage("rows have read different numbers of tokens");
            }
        }
    }

    private static Tensor next(Tensor ids, int step) {
        long[] next = new long[ROWS];
        for (int row = 0; row < ROWS; row++) {
            next[row] = ids.select(0, row).longs()[row + step];
        }
        return Tensors.of(next, ROWS, 1);
    }

    @Test
    void rowsAreTakenPutAndCleared() {
        for (MixerSpec spec : SPECS) {
            try (Scope scope = Scope.open();
                    Decoder decoder = decoder(spec);
                    Gradients off = Gradients.off();
                    DecoderState state = decoder.newState(2)) {
                Tensor past = TinyModels.ids(5, 2, 11, 50);
                Tensor rest = TinyModels.ids(6, 2, 3, 50);
                decoder.advance(past, state);
                try (DecoderState both = state.take(1, 0, 1)) {
                    state.clear(0);
                    assertThat(state.tokens(0)).isZero();
                    state.put(0, both, 1);
                    assertThat(both.batch()).isEqualTo(3);
                    Tensor whole = decoder.hidden(Tensors.cat(1, past, rest), Form.PARALLEL)
                            .narrow(1, 11, 3);
                    assertThat(Shared.relative(decoder.advance(rest, state), whole))
                            .isLessThan(1e-5);
                }
            }
        }
    }
}
