package dev.lizard.eval.inside;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.eval.ByteModels;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.LayerMeter;
import dev.lizard.eval.metric.Quality;
import dev.lizard.eval.metric.QualityMeter;
import dev.lizard.eval.metric.Reference;
import dev.lizard.eval.result.Ablation;
import dev.lizard.eval.result.GateHistogram;
import dev.lizard.eval.result.HeadError;
import dev.lizard.eval.result.PartShare;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.mixer.LolcatsSpec;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.WindowSpec;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class InsideTest {
    private final EvalText text = EvalText.ofBytes(List.of(window(1), window(2), window(3)));

    @Test
    void errorsAreThoseOfTheMixersWhereNothingElseIsNew() {
        try (Decoder teacher = ByteModels.random(1);
                Decoder student = ByteModels.random(1)) {
            ByteModels.swap(student);
            List<HeadError> rows = LayerErrors.measure(teacher, student, "s", text);
            double[] layers = LayerMeter.errors(teacher, Map.of(0, student.mixer(0), 1, student.mixer(1)), text, 3);
            assertThat(rows).hasSize(2 * (1 + 4));
            for (HeadError row : rows) {
                assertThat(row.windows()).isEqualTo(3);
                assertThat(row.stderr()).isNotNull().isPositive();
                if (row.head() == null) {
                    assertThat(row.error()).isCloseTo(layers[row.layer()], within(1e-5));
                }
            }
            List<HeadError> none = LayerErrors.measure(teacher, teacher, "t", text);
            assertThat(none).allSatisfy(row -> assertThat(row.error()).isZero());
        }
    }

    /** What the student's projections do to its layers counts, what it does before a layer does not. */
    @Test
    void errorsAreOfTheWholeLayerOnTheTeachersInputs() {
        try (Decoder teacher = ByteModels.random(1);
                Decoder student = ByteModels.random(1)) {
            student.weights().get("model.layers.0.self_attn.v_proj.weight").mul_(2);
            List<HeadError> rows = LayerErrors.measure(teacher, student, "s", text);
            for (HeadError row : rows) {
                assertThat(row.error()).isCloseTo(row.layer() == 0 ? 1 : 0, within(1e-5)); // ||y − 2y||² / ||y||²
            }
        }
    }

    @Test
    void gatesAreCountedByTheirHalfLives() {
        assertThat(GateHistograms.bin(0.5)).isZero();
        assertThat(GateHistograms.bin(1)).isEqualTo(1);
        assertThat(GateHistograms.bin(3.9)).isEqualTo(2);
        assertThat(GateHistograms.bin(65_536)).isEqualTo(17);
        assertThat(GateHistograms.bin(Double.NEGATIVE_INFINITY))
                .as("a gate of 1, log −0")
                .isEqualTo(17);
        try (Decoder student = ByteModels.random(1)) {
            assertThat(GateHistograms.measure(student, "s", text)).isEmpty();
            ByteModels.swap(student);
            List<GateHistogram> found = GateHistograms.measure(student, "s", text);
            assertThat(found).extracting(GateHistogram::layer).containsExactly(0, 1);
            for (GateHistogram layer : found) {
                assertThat(layer.total()).isEqualTo(3 * 64 * 4);
                assertThat(layer.counts()).hasSize(18);
                // Fresh gates last 32, 128, 512 and 2,048 tokens, near the lower edges of bins 6, 8, 10 and 12.
                long near = 0;
                for (int bin : new int[] {5, 6, 7, 8, 9, 10, 11, 12}) {
                    near += layer.counts().get(bin);
                }
                assertThat(near).isEqualTo(layer.total());
            }
        }
    }

    @Test
    void sharesOfThePartsSumToOne() {
        for (MixerSpec spec : List.of(
                new LizardSpec(Variant.JOINT, 8, 3, 8, 2, 4, 64, Branches.BOTH),
                lizard(Variant.SUM),
                lizard(Variant.LITERAL),
                new LolcatsSpec(8, 8, Branches.BOTH),
                new WindowSpec(8, 3, 2))) {
            try (Decoder student = ByteModels.random(1);
                    Scope work = Scope.open()) {
                student.replaceMixer(1, ByteModels.mixer(student, spec));
                Map<Integer, double[]> sums = new HashMap<>();
                for (PartShare row : PartShares.measure(student, "s", text)) {
                    double[] sum = sums.computeIfAbsent(row.layer(), layer -> new double[2]);
                    sum[0] += row.output();
                    sum[1] += row.weight();
                    assertThat(row.weight()).isBetween(0.0, 1.0001);
                }
                assertThat(sums.values())
                        .as(spec.toString())
                        .hasSize(2)
                        .allSatisfy(sum -> assertThat(sum).containsExactly(new double[] {1, 1}, within(1e-4)));
            }
        }
    }

    @Test
    void whatIsLeftWithoutABranchIsTheOtherAlone() {
        for (Variant variant : Variant.values()) {
            LizardSpec spec = lizard(variant);
            for (Branches branch : List.of(Branches.WINDOW, Branches.LINEAR)) {
                try (Decoder student = ByteModels.random(1);
                        Scope work = Scope.open()) {
                    Mixer whole = ByteModels.mixer(student, spec);
                    student.replaceMixer(
                            0, spec.only(branch).orElseThrow().create(student.headDims(), whole.parameters()));
                    Quality alone = QualityMeter.measure(student, text, 3);
                    student.replaceMixer(0, new Without(whole, branch == Branches.WINDOW ? "far" : "near"));
                    Quality without = QualityMeter.measure(student, text, 3);
                    assertThat(without.meanNll())
                            .as("%s, %s", variant, branch)
                            .isCloseTo(alone.meanNll(), within(1e-5));
                }
            }
        }
    }

    @Test
    void ablationsAreTheBranchesAndTheStudentIsAfterwardsWhole() {
        try (Decoder student = ByteModels.random(1);
                Decoder teacher = ByteModels.random(1);
                Reference reference = Reference.of(teacher, text, 2);
                Scope work = Scope.open()) {
            LizardSpec spec = new LizardSpec(Variant.JOINT, 8, 3, 8, 0, 4, 64, Branches.BOTH);
            Mixer whole = ByteModels.mixer(student, spec);
            student.replaceMixer(0, whole);
            Quality quality = QualityMeter.measure(student, reference);
            Set<String> parts = new LinkedHashSet<>(List.of("first", "near", "far"));
            List<Ablation> rows = new Ablations(student, "s", teacher, reference, quality).measure(parts);
            assertThat(rows).extracting(Ablation::without).containsExactly("", "far", "first, near", "first", "near");
            assertThat(student.mixer(0)).isSameAs(whole);
            assertThat(rows.getFirst().rise()).isZero();
            student.replaceMixer(
                    0, spec.only(Branches.WINDOW).orElseThrow().create(student.headDims(), whole.parameters()));
            Quality window = QualityMeter.measure(student, reference);
            assertThat(rows.get(1).nll()).isEqualTo(window.meanNll());
            assertThat(rows.get(1).kl()).isEqualTo(window.meanKl());
            assertThat(rows.get(1).rise()).isCloseTo(window.meanNll() - quality.meanNll(), within(1e-9));
        }
    }

    @Test
    void aModelIsAtNoDistanceFromItself() {
        try (Decoder model = ByteModels.random(1);
                Decoder same = ByteModels.random(1);
                Reference reference = Reference.of(model, text, 2)) {
            Quality found = QualityMeter.measure(same, reference, model);
            assertThat(found.meanKl()).isZero();
            assertThat(found.meanAgreement()).isEqualTo(1);
            same.weights().get("lm_head.weight").mul_(2);
            assertThat(QualityMeter.measure(same, reference, model).meanKl())
                    .as("the student's output layer is its own")
                    .isGreaterThan(0.01);
        }
    }

    @Test
    void rolloutIsTheProductOfTheLayersHalfPassedBy() {
        double[][] mean = {{1, 0}, {0.5, 0.5}}; // (I + A) / 2: rows (1, 0) and (1/4, 3/4)
        Rollout rollout = new Rollout();
        rollout.add(mean);
        assertThat(rollout.last()).containsExactly(0.25, 0.75);
        rollout.add(mean);
        assertThat(rollout.last()).containsExactly(0.25 + 0.75 * 0.25, 0.75 * 0.75);
    }

    @Test
    void mixingMatricesAreOfTheHeadThatWasAsked() {
        try (Decoder model = ByteModels.random(1);
                Tokenizer tokenizer = ByteTokenizer.open(List.of("<|end|>"))) {
            MixingMatrices found = MixingMatrices.of(model, "t", new int[] {72, 105, 32, 10}, tokenizer, 1, 2);
            assertThat(found.map().tokens()).containsExactly("H", "i", "\u00b7", "\u21b5");
            assertThat(found.map().weights())
                    .hasSize(4)
                    .allSatisfy(row -> assertThat(row.stream()
                                    .mapToDouble(Double::doubleValue)
                                    .sum())
                            .isCloseTo(1, within(3e-4)));
            assertThat(found.attribution().shares().stream()
                            .mapToDouble(Double::doubleValue)
                            .sum())
                    .isCloseTo(1, within(1e-9));
            assertThat(found.attribution().probability()).isBetween(1 / 257.0, 1.0);
        }
    }

    private static LizardSpec lizard(Variant variant) {
        return new LizardSpec(variant, 8, 0, 8, 0, 4, 64, Branches.BOTH);
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
