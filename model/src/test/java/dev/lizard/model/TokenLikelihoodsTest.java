package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.mixer.Form;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Tensor;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class TokenLikelihoodsTest {
    private static Tensor targets(int batch, int length) {
        Tensor targets = TinyModels.ids(5, batch, length, 50);
        targets.narrow(1, 2, 2).fill_(Losses.IGNORE_INDEX);
        return targets;
    }

    @Test
    void nllIsTheNegativeLogOfTheProbability() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32)) {
            Tensor ids = TinyModels.ids(4, 2, 7, 50);
            Tensor hidden = decoder.hidden(ids, Form.CHUNK);
            Tensor targets = targets(2, 7);
            Tensor nll = TokenLikelihoods.nll(decoder, hidden, targets);
            assertThat(nll.shape()).containsExactly(2, 7);
            assertThat(nll.dtype()).isEqualTo(DType.FLOAT32);
            float[] logs = decoder.logits(hidden).logSoftmax(-1).floats();
            long[] goals = targets.longs();
            float[] values = nll.floats();
            for (int i = 0; i < goals.length; i++) {
                float expected = goals[i] < 0 ? 0 : -logs[i * 50 + (int) goals[i]];
                assertThat(values[i]).isCloseTo(expected, within(1e-5f));
            }
        }
    }

    @Test
    void longTextsComeInPiecesAndEveryRowOnce() {
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32)) {
            Tensor hidden = decoder.hidden(TinyModels.ids(4, 2, 700, 50), Form.CHUNK);
            Tensor targets = targets(2, 700);
            float[] nll = TokenLikelihoods.nll(decoder, hidden, targets).floats();
            long[] goals = targets.longs();
            AtomicLong next = new AtomicLong();
            TokenLikelihoods.read(decoder, hidden, (from, logs) -> {
                assertThat(from).isEqualTo(next.get());
                assertThat(logs.size(0)).isBetween(1L, 512L);
                next.addAndGet(logs.size(0));
                float[] values = logs.floats();
                for (int row = 0; row < logs.size(0); row++) {
                    int at = (int) from + row;
                    assertThat(nll[at]).isEqualTo(goals[at] < 0 ? 0 : -values[row * 50 + (int) goals[at]]);
                }
            });
            assertThat(next).hasValue(1400);
        }
    }
}
