package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.mixer.Form;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against plain loops in float64, values and gradients. */
@ExtendWith(LiveTensors.class)
class DivergenceTest {
    private static final int ROWS = 14;
    private static final int VOCABULARY = 50;
    private static final double FACTOR = 0.5;

    private static Decoder decoder(int seed) {
        return Decoder.random(
                TinyModels.parsed(TinyModels.config(Family.LLAMA)), new RandomStream(seed), DType.FLOAT64, Device.CPU);
    }

    private static double[] softmax(double[] logits, double temperature, int[] of) {
        double[] exps = new double[logits.length];
        double sum = 0;
        for (int j : of) {
            exps[j] = Math.exp(logits[j] / temperature);
            sum += exps[j];
        }
        for (int j : of) {
            exps[j] /= sum;
        }
        return exps;
    }

    @ParameterizedTest
    @CsvSource({"1, 0, false", "2.5, 0, true", "1, 3, true", "0.7, 7, false", "1, 50, false"})
    void isWhatTheFormulaSays(double temperature, int topK, boolean some) {
        try (Decoder student = decoder(1);
                Decoder teacher = decoder(2)) {
            Tensor ids = TinyModels.ids(4, 2, 7, VOCABULARY);
            Tensor targets = TinyModels.ids(5, 2, 7, VOCABULARY);
            targets.narrow(1, 2, 2).fill_(Losses.IGNORE_INDEX);
            Tensor hidden = student.hidden(ids, Form.CHUNK).mul(3).detach().requiresGrad(true);
            Divergence.Taught taught = Divergence.taught(teacher, ids, null, null);
            Tensor loss =
                    new Divergence(temperature, topK).loss(student, hidden, taught, some ? targets : null, FACTOR);

            double[] mine = student.logits(hidden).doubles();
            double[] goal = taught.hidden().linear(taught.head(), null).doubles();
            double[] head = student.head().tensor().doubles();
            int width = (int) hidden.size(2);
            long[] counted = targets.longs();
            double count = some ? Arrays.stream(counted).filter(t -> t >= 0).count() : ROWS;
            double expected = 0;
            double[] gradient = new double[ROWS * width];
            for (int row = 0; row < ROWS; row++) {
                if (some && counted[row] < 0) {
                    continue;
                }
                double[] teachers = Arrays.copyOfRange(goal, row * VOCABULARY, (row + 1) * VOCABULARY);
                int[] all = IntStream.range(0, VOCABULARY).toArray();
                int[] best = IntStream.range(0, VOCABULARY)
                        .boxed()
                        .sorted(Comparator.comparingDouble(j -> -teachers[j]))
                        .limit(topK == 0 ? VOCABULARY : topK)
                        .mapToInt(j -> j)
                        .toArray();
                double[] p = softmax(teachers, temperature, best);
                double[] q =
                        softmax(Arrays.copyOfRange(mine, row * VOCABULARY, (row + 1) * VOCABULARY), temperature, all);
                for (int j : best) {
                    expected += temperature * temperature / count * p[j] * (Math.log(p[j]) - Math.log(q[j]));
                }
                for (int j = 0; j < VOCABULARY; j++) {
                    for (int d = 0; d < width; d++) {
                        gradient[row * width + d] += FACTOR * temperature / count * (q[j] - p[j]) * head[j * width + d];
                    }
                }
            }
            assertThat(expected).isPositive();
            assertThat(loss.item()).isCloseTo(expected, within(1e-6 * expected));
            double[] actual = hidden.grad().doubles();
            double largest = Arrays.stream(gradient).map(Math::abs).max().orElse(0);
            assertThat(largest).isPositive();
            for (int i = 0; i < actual.length; i++) {
                assertThat(actual[i]).isCloseTo(gradient[i], within(1e-9 * Math.max(1, largest)));
            }
        }
    }

    @Test
    void aTrainedOutputLayerGetsItsGradientToo() {
        try (Decoder student = decoder(1);
                Decoder teacher = decoder(2)) {
            Tensor leaf = student.head().tensor().copy().requiresGrad(true);
            student.bind(student.config().tied() ? "model.embed_tokens.weight" : "lm_head.weight", leaf);
            Tensor ids = TinyModels.ids(4, 1, 5, VOCABULARY);
            Tensor hidden = Tensors.of(new double[5 * (int) leaf.size(1)], 1, 5, leaf.size(1))
                    .add(0.3)
                    .requiresGrad(true);
            new Divergence(1, 0).loss(student, hidden, Divergence.taught(teacher, ids, null, null), null, 1);
            assertThat(leaf.grad().abs().amax().item()).isPositive();
        }
    }
}
