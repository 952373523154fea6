package dev.lizard.eval.inside;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Json;
import dev.lizard.eval.ByteModels;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.result.WeightMatch;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class WeightMatchesTest {
    private final EvalText text = EvalText.ofBytes(List.of(window(1), window(2)));

    private static int[] window(long seed) {
        RandomStream random = new RandomStream(seed);
        int[] ids = new int[33];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = random.nextInt(256);
        }
        return ids;
    }

    private static MixerSpec spec(Decoder decoder, String mixer) {
        return MixerSpecs.read(Json.object().put("mixer", mixer), decoder.headDims(), mixer);
    }

    @Test
    void aTeachersWeightsAreItsOwn() {
        try (Decoder teacher = ByteModels.random(1)) {
            List<WeightMatch> rows = WeightMatches.measure(teacher, teacher, "t", text);
            assertThat(rows).extracting(WeightMatch::layer).containsExactly(null, 0, 1);
            for (WeightMatch row : rows) {
                assertThat(row.kl()).isCloseTo(0, within(1e-6));
                assertThat(row.entropy()).isEqualTo(row.teacherEntropy()).isPositive();
                assertThat(row.rank()).isCloseTo(1, within(1e-9));
                assertThat(row.windows()).isEqualTo(2);
            }
        }
    }

    /** The same figures of one layer, head by head and row by row. */
    @Test
    void figuresAreMeansOverRows() {
        try (Decoder teacher = ByteModels.random(1);
                Decoder student = ByteModels.random(1);
                Scope work = Scope.open()) {
            student.replaceMixer(0, ByteModels.mixer(student, spec(student, "hedgehog")));
            WeightMatch found =
                    WeightMatches.measure(teacher, student, "s", text).get(1);
            double[] sums = new double[3];
            int[] rows = new int[1];
            for (int window = 0; window < 2; window++) {
                try (Gradients off = Gradients.off()) {
                    teacher.hidden(text.inputs(window, 1, Device.CPU), Form.CHUNK, (layer, in, heads) -> {
                        if (layer == 0) {
                            float[] p = teacher.mixer(0)
                                    .materialize(in)
                                    .contiguous()
                                    .floats();
                            float[] a = student.mixer(0)
                                    .materialize(in)
                                    .contiguous()
                                    .floats();
                            int tokens = (int) in.tokens();
                            for (int row = 0; row < p.length / tokens; row++) {
                                for (int j = row * tokens; row % tokens > 0 && j < (row + 1) * tokens; j++) {
                                    sums[0] += p[j] > 0 ? p[j] * Math.log(p[j] / a[j]) : 0;
                                    sums[1] -= p[j] > 0 ? p[j] * Math.log(p[j]) : 0;
                                    sums[2] -= a[j] > 0 ? a[j] * Math.log(a[j]) : 0;
                                }
                                rows[0] += row % tokens > 0 ? 1 : 0;
                            }
                        }
                    });
                }
            }
            assertThat(found.kl()).isCloseTo(sums[0] / rows[0], within(1e-4)).isPositive();
            assertThat(found.teacherEntropy()).isCloseTo(sums[1] / rows[0], within(1e-4));
            assertThat(found.entropy()).isCloseTo(sums[2] / rows[0], within(1e-4));
            assertThat(found.rank()).isBetween(-1.0, 0.999);
        }
    }

    @Test
    void layersWhoseWeightsAreNoSharesAreLeftOut() {
        try (Decoder teacher = ByteModels.random(1);
                Decoder student = ByteModels.random(1);
                Scope work = Scope.open()) {
            student.replaceMixer(0, ByteModels.mixer(student, spec(student, "gla")));
            student.replaceMixer(1, ByteModels.mixer(student, new WindowSpec(8, 0, 0)));
            List<WeightMatch> rows = WeightMatches.measure(teacher, student, "s", text);
            assertThat(rows).extracting(WeightMatch::layer).containsExactly(null, 1);
            assertThat(rows.getLast().kl()).as("weights outside the window").isGreaterThan(1);
            student.replaceMixer(0, ByteModels.mixer(student, spec(student, "mamba"))); // has no matrix
            student.replaceMixer(1, ByteModels.mixer(student, spec(student, "deltanet")));
            assertThat(WeightMatches.measure(teacher, student, "s", text)).isEmpty();
        }
    }

    @Test
    void ranksShareTheirPlaces() {
        assertThat(Ranks.of(new double[] {5, 1, 5, 0})).containsExactly(2.5, 1, 2.5, 0);
        assertThat(Ranks.correlation(new double[] {1, 2, 3}, new double[] {10, 20, 400}))
                .isEqualTo(1);
        assertThat(Ranks.correlation(new double[] {1, 2, 3}, new double[] {3, 2, 1}))
                .isEqualTo(-1);
        assertThat(Ranks.correlation(new double[] {1, 2, 3}, new double[] {7, 7, 7}))
                .isZero();
    }
}
