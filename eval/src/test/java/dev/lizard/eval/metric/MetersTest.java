package dev.lizard.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.ByteModels;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.Spread;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.text.synthetic.Passkey;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class MetersTest {
    private final EvalText text = EvalText.ofBytes(List.of(window(1), window(2)));

    @Test
    void aModelThatAlwaysSaysSevenFindsTheKeysThatAreSeven() {
        RecallMeter meter = new RecallMeter(60, 4_096, 5);
        int sevens = 0;
        for (int i = 0; i < 60; i++) {
            RandomStream random = RandomStream.named(5, "passkey/300/" + i);
            sevens += new Passkey(1)
                            .generate(300, (i + 0.5) / 60, random)
                            .answer()
                            .equals("7")
                    ? 1
                    : 0;
        }
        try (Decoder model = ByteModels.random(1)) {
            model.weights().get("model.embed_tokens.weight").fill_(1);
            model.weights().forEach((name, weight) -> {
                if (name.contains("o_proj") || name.contains("down_proj") || name.equals("lm_head.weight")) {
                    weight.zero_();
                }
            });
            model.weights().get("lm_head.weight").select(0, '7').fill_(1);
            Recall recall = meter.measure(model, "sevens", new Passkey(1), 300);
            assertThat(sevens).as("keys that are seven, seed 5").isPositive();
            assertThat(recall.exact()).isCloseTo(sevens / 60.0, Offset.offset(1e-9));
            assertThat(recall.digits()).isEqualTo(recall.exact());
            assertThat(recall.samples()).isEqualTo(60);
            Recall two = meter.measure(model, "sevens", new Passkey(2), 300);
            assertThat(two.exact()).isLessThan(0.1);
            assertThat(two.digits()).isBetween(0.01, 0.25);
        }
    }

    @Test
    void layerErrorsAreZeroForTheTeachersOwnMixerOnly() {
        try (Decoder teacher = ByteModels.random(1)) {
            Mixer same = ByteModels.mixer(teacher, new SoftmaxSpec());
            Mixer narrow = ByteModels.mixer(teacher, new WindowSpec(2, 0));
            double[] errors = LayerMeter.errors(teacher, Map.of(0, same, 1, narrow), text, 2);
            assertThat(errors[0]).isCloseTo(0, Offset.offset(1e-10));
            assertThat(errors[1]).isGreaterThan(1e-3);
            assertThat(LayerMeter.errors(teacher, Map.of(), text, 1)).containsOnly(Double.NaN);
        }
    }

    @Test
    void freshGatesHaveTheHalfLivesOfTheirSpec() {
        try (Decoder student = ByteModels.random(1)) {
            assertThat(LayerMeter.halfLives(student, text, 2)).isEqualTo(new double[2][0]);
            ByteModels.swap(student);
            for (double[] lives : LayerMeter.halfLives(student, text, 2)) {
                assertThat(lives).hasSize(4);
                assertThat(lives[0]).isCloseTo(32, Offset.offset(0.1));
                assertThat(lives[3]).isCloseTo(2_048, Offset.offset(5.0));
            }
        }
    }

    @Test
    void theTeachersStateGrowsAndTheStudentsDoesNot() {
        EfficiencyMeter meter = new EfficiencyMeter(128, 5, 3, 60);
        try (Decoder model = ByteModels.random(1)) {
            Efficiency shorter = meter.measure(model, "teacher", 256, null);
            Efficiency longer = meter.measure(model, "teacher", 1_024, shorter);
            assertThat(longer.stateBytes()).isEqualTo(4 * shorter.stateBytes());
            assertThat(shorter.stateBytes()).isEqualTo(2L * 2 * 2 * 8 * 256 * 4);
            assertThat(longer.prefillTokensPerSecond()).isNotNull().isPositive();
            Efficiency stretched = new EfficiencyMeter(128, 5, 3, 0).measure(model, "teacher", 1_024, shorter);
            assertThat(stretched.prefillTokensPerSecond()).isNull();
            assertThat(stretched.stateBytes()).isEqualTo(longer.stateBytes());
            assertThat(stretched.decodeTokensPerSecond()).isPositive();

            assertThat(stretched.missing()).matches("not read: \\d+ s expected, 0 s allowed");
            assertThat(longer.missing()).isNull();
            assertThat(longer.device()).isEqualTo("cpu");
            Spread spread = longer.decodeSpread();
            assertThat(spread).isNotNull();
            assertThat(longer.decodeTokensPerSecond()).isBetween(spread.slowest(), spread.fastest());
            assertThat(spread.repeats()).isEqualTo(3);
            assertThat(EfficiencyMeter.size(model, "teacher", 1 << 20).stateBytes())
                    .isEqualTo(1_024 * longer.stateBytes());
            Efficiency begun = new EfficiencyMeter(128, 5, 3, 1e-9).measure(model, "teacher", 1_024, null);
            assertThat(begun.prefillTokensPerSecond()).isNull();
            assertThat(begun.missing()).isEqualTo("not read: 128 of its tokens in the 0 s allowed");
            assertThat(begun.stateBytes()).isEqualTo(longer.stateBytes());
            Efficiency tooLong = meter.measure(model, "teacher", 1L << 40, shorter);
            assertThat(tooLong.decodeTokensPerSecond()).isNull();
            assertThat(tooLong.missing())
                    .startsWith("not measured: a state that grows to ")
                    .endsWith(" are free");

            ByteModels.swap(model);
            long constant = meter.measure(model, "student", 128, null).stateBytes();
            assertThat(meter.measure(model, "student", 1_024, null).stateBytes())
                    .isEqualTo(constant);
        }
    }

    private static int[] window(long seed) {
        RandomStream random = new RandomStream(seed);
        int[] ids = new int[65];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = random.nextInt(256);
        }
        return ids;
    }
}
