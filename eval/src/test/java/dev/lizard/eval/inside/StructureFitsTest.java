package dev.lizard.eval.inside;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.mixer.MixerSpec;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class StructureFitsTest {
    private static final int TOKENS = 16;

    private final RandomStream random = new RandomStream(5);

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double fitted(Structure structure, int width, Tensor matrices) {
        return mean(new StructureFits(List.of(width), 400, 1).errors(structure, width, matrices));
    }

    /** Weights of softmax over normal scores, twice as large as usual. */
    private Tensor softmax(int count) {
        Tensor scores = Tensors.of(random.normal(count * TOKENS * TOKENS, 2), count, TOKENS, TOKENS);
        Tensor place = Tensors.arange(0, TOKENS, scores.device());
        return scores.maskedFill(place.unsqueeze(-1).lt(place.unsqueeze(0)), Double.NEGATIVE_INFINITY)
                .softmax(-1);
    }

    /** A matrix that a structure made is found again, and the more particular structure cannot be the other. */
    @Test
    void aMatrixOfAStructureIsFittedByIt() {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Map<String, Tensor> parameters = new HashMap<>(Structure.SSD.initial(4, TOKENS, 2, random));
            parameters.put("a", Tensors.of(random.normal(4 * TOKENS, 2), 4, TOKENS));
            Tensor decaying = Structure.SSD.matrices(parameters, TOKENS);
            double own = fitted(Structure.SSD, 2, decaying);
            assertThat(own).isLessThan(0.1);
            assertThat(fitted(Structure.LINEAR, 2, decaying)).isGreaterThan(1.3 * own);
            Tensor toeplitz = Structure.TOEPLITZ.matrices(Structure.TOEPLITZ.initial(4, TOKENS, 2, random), TOKENS);
            assertThat(fitted(Structure.TOEPLITZ, 2, toeplitz)).isLessThan(0.02);
        }
    }

    /** Each by its definition, entry by entry. */
    @Test
    void matricesAreThoseOfTheFormulas() {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            for (Structure structure : Structure.values()) {
                Map<String, Tensor> parameters = structure.initial(2, TOKENS, 3, random);
                double[] made = structure.matrices(parameters, TOKENS).doubles();
                double[] c = MixerSpec.need(parameters, "c").doubles();
                double[] b = structure == Structure.TOEPLITZ
                        ? c
                        : MixerSpec.need(parameters, "b").doubles();
                double[] a = structure == Structure.LINEAR
                        ? c
                        : MixerSpec.need(parameters, "a").doubles();
                for (int at = 0; at < made.length; at++) {
                    int s = at / (TOKENS * TOKENS);
                    int i = at / TOKENS % TOKENS;
                    int j = at % TOKENS;
                    double sum = 0;
                    for (int n = 0; n < 3 && j <= i; n++) {
                        sum += switch (structure) {
                            case TOEPLITZ -> c[3 * s + n] * Math.pow(sigmoid(a[3 * s + n]), i - j);
                            case LINEAR, SSD -> c[3 * (s * TOKENS + i) + n] * b[3 * (s * TOKENS + j) + n];
                        };
                    }
                    for (int l = j + 1; structure == Structure.SSD && l <= i; l++) {
                        sum *= sigmoid(a[s * TOKENS + l]);
                    }
                    assertThat(made[at]).as("%s %d %d", structure, i, j).isCloseTo(sum, within(1e-6));
                }
            }
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    @Test
    void decaysHelpAndSoDoesAWiderState() {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor attention = softmax(6);
            double last = 1;
            for (int width : new int[] {2, 4, 8}) {
                double ssd = fitted(Structure.SSD, width, attention);
                double linear = fitted(Structure.LINEAR, width, attention);
                double toeplitz = fitted(Structure.TOEPLITZ, width, attention);
                assertThat(ssd).as("%d", width).isLessThan(linear).isLessThan(last);
                assertThat(linear).as("%d", width).isLessThan(toeplitz);
                last = ssd;
            }
        }
    }
}
