package dev.lizard.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.ByteModels;
import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.synthetic.Stories;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class QualityMeterTest {
    private static final int LENGTH = 100;

    private final EvalText text = EvalText.cut(ids(LENGTH * 5), LENGTH - 1, 5);

    @Test
    void numbersAreThoseOfTheDefinitions() {
        try (Decoder teacher = ByteModels.random(1);
                Decoder student = ByteModels.random(2);
                Reference reference = Reference.of(teacher, text, 2)) {
            student.bind("lm_head.weight", teacher.weights().get("lm_head.weight"));
            Quality quality = QualityMeter.measure(student, reference);
            double nll = 0;
            double kl = 0;
            int same = 0;
            for (int window = 0; window < 5; window++) {
                double[][] theirs = probabilities(teacher, window);
                double[][] mine = probabilities(student, window);
                for (int t = 0; t < LENGTH - 1; t++) {
                    nll -= Math.log(mine[t][text.windows().get(window)[t + 1]]);
                    for (int v = 0; v < mine[t].length; v++) {
                        kl += theirs[t][v] * Math.log(theirs[t][v] / mine[t][v]);
                    }
                    same += best(theirs[t]) == best(mine[t]) ? 1 : 0;
                }
            }
            int count = 5 * (LENGTH - 1);
            assertThat(quality.meanNll()).isCloseTo(nll / count, Offset.offset(1e-4));
            assertThat(quality.bitsPerByte()).isCloseTo(nll / count / Math.log(2), Offset.offset(1e-4));
            assertThat(quality.perplexity()).isCloseTo(Math.exp(nll / count), Offset.offset(0.1));
            assertThat(quality.meanKl()).isCloseTo(kl / count, Offset.offset(1e-4));
            assertThat(quality.meanAgreement()).isCloseTo((double) same / count, Offset.offset(1e-9));
            assertThat(QualityMeter.measure(student, text, 3).meanNll())
                    .isCloseTo(quality.meanNll(), Offset.offset(1e-6));
        }
    }

    @Test
    void theTeacherIsAtNoDistanceFromItself() {
        try (Decoder teacher = ByteModels.random(1);
                Reference reference = Reference.of(teacher, text, 4)) {
            Quality quality = QualityMeter.measure(teacher, reference);
            assertThat(quality.meanKl()).isCloseTo(0, Offset.offset(1e-9));
            assertThat(quality.meanAgreement()).isEqualTo(1);
        }
    }

    @Test
    void stretchesWeighTogetherToTheWhole() {
        try (Decoder model = ByteModels.random(3)) {
            Quality quality = QualityMeter.measure(model, text, 5);
            List<PositionCurve> curves = quality.curves("m", 16);
            assertThat(curves).hasSize(1);
            List<Bucket> buckets = curves.getFirst().buckets();
            assertThat(buckets).extracting(Bucket::to).containsExactly(16, 32, 64, 99);
            double sum = 0;
            long count = 0;
            for (Bucket bucket : buckets) {
                sum += bucket.value() * bucket.count();
                count += bucket.count();
            }
            assertThat(count).isEqualTo(5 * 99);
            assertThat(sum / count).isCloseTo(quality.bitsPerByte(), Offset.offset(1e-9));
        }
    }

    @Test
    void theFirstWindowsAreMeasuredWithTheOthers() {
        try (Decoder model = ByteModels.random(3);
                Reference reference = Reference.of(model, text, 2)) {
            Quality part = QualityMeter.measure(model, reference).ofWindows(4);
            Quality alone = QualityMeter.measure(model, EvalText.cut(ids(LENGTH * 4), LENGTH - 1, 4), 2);
            assertThat(part.bitsPerByte()).isCloseTo(alone.bitsPerByte(), Offset.offset(1e-9));
            assertThat(part.bitsError()).isCloseTo(alone.bitsError(), Offset.offset(1e-9));
            assertThat(part.meanKl()).isNull();
        }
    }

    @Test
    void theStandardErrorIsThatOfTheWindows() {
        try (Decoder model = ByteModels.random(3)) {
            List<Double> bits = new ArrayList<>();
            for (int[] window : text.windows()) {
                EvalText one = EvalText.ofBytes(List.of(window));
                Quality alone = QualityMeter.measure(model, one, 1);
                assertThat(alone.bitsError()).isNull();
                bits.add(alone.bitsPerByte());
            }
            double mean = bits.stream().mapToDouble(b -> b).average().orElseThrow();
            double squares =
                    bits.stream().mapToDouble(b -> (b - mean) * (b - mean)).sum();
            int n = bits.size();
            assertThat(QualityMeter.measure(model, text, 2).bitsError())
                    .isCloseTo(Math.sqrt(squares / (n - 1) / n), Offset.offset(1e-6));
        }
    }

    @Test
    void bytesOfTokensDivideTheBits() {
        List<int[]> wide = text.windows().stream()
                .map(window -> java.util.Arrays.stream(window).map(id -> 3).toArray())
                .toList();
        try (Decoder model = ByteModels.random(3)) {
            Quality one = QualityMeter.measure(model, text, 5);
            Quality three = QualityMeter.measure(model, new EvalText(text.windows(), wide), 5);
            assertThat(three.bitsPerByte()).isCloseTo(one.bitsPerByte() / 3, Offset.offset(1e-9));
            assertThat(three.meanNll()).isEqualTo(one.meanNll());
        }
    }

    private double[][] probabilities(Decoder model, int window) {
        Tensor hidden = model.hidden(text.inputs(window, 1, model.device()), Form.PARALLEL);
        Tensor logits = model.logits(hidden).to(DType.FLOAT64).softmax(-1).select(0, 0);
        double[][] rows = new double[(int) logits.size(0)][];
        for (int t = 0; t < rows.length; t++) {
            rows[t] = logits.select(0, t).doubles();
        }
        return rows;
    }

    private static int best(double[] row) {
        int best = 0;
        for (int v = 1; v < row.length; v++) {
            best = row[v] > row[best] ? v : best;
        }
        return best;
    }

    private static int[] ids(int count) {
        byte[] bytes = new Stories().beginning(count, new RandomStream(4)).getBytes(StandardCharsets.US_ASCII);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] = bytes[i];
        }
        return ids;
    }
}
