package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LiveTensors.class)
class OrthogonalityTest {
    private static final int LAYERS = 2;
    private static final String WHERE = "tiny.yaml/stages.0";
    private static final String RECIPE = """
        name: tiny
        mixer: {mixer: kernel, map: MAP}
        sequence_length: 24
        batch: 4
        stages:
          - name: weights
            loss: LOSS
            train: {mixer: all}
            tokens: 10000
            learning_rate: 1e-2
        """;

    private static Recipe recipe(String map, String loss) {
        return Recipe.of(TinyTeacher.tree(RECIPE.replace("MAP", map).replace("LOSS", loss)));
    }

    private static Student student(Decoder decoder, Recipe recipe) {
        TreeMap<Integer, MixerSpec> specs = new TreeMap<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            specs.put(layer, MixerSpecs.read(recipe.mixer(), decoder.headDims(), "tiny.yaml/mixer"));
        }
        Student student = new Student(decoder, specs, 0);
        student.prepare(recipe.stages().getFirst(), WHERE);
        student.seat(recipe.stages().getFirst());
        return student;
    }

    private static boolean isMatrix(String name) {
        return name.endsWith("_weight");
    }

    private static Tensor excess(Tensor w) {
        return w.matmul(w.transpose(0, 1)).sub(Tensors.eye(w.size(0), DType.FLOAT32, Device.CPU));
    }

    /** The largest ‖W Wᵀ − I‖_F of all matrices. */
    private static double distance(Student student) {
        double[] most = {0};
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            student.buffer().parameters().forEach((name, w) -> {
                if (isMatrix(name)) {
                    most[0] = Math.max(most[0], excess(w).norm().item());
                }
            });
        }
        return most[0];
    }

    /** ∂‖W Wᵀ − I‖² = 4 (W Wᵀ − I) W. */
    @ParameterizedTest
    @CsvSource({"softplus, 1", "mlp, 2", "glu, 2"})
    void valueAndGradientAreThoseOfTheFormula(String map, int matrices) {
        Recipe recipe = recipe(map, "{type: sum, terms: [{weight: 0.3, loss: {type: orthogonality}}]}");
        try (Decoder decoder = TinyTeacher.untaught(64, LAYERS);
                Student student = student(decoder, recipe);
                Scope work = Scope.open()) {
            Tensor values = student.buffer().values();
            try (Gradients off = Gradients.off()) {
                values.add_(Tensors.of(new RandomStream(3).normal((int) values.count(), 0.2), values.count()));
            }
            double reported = student.objective(recipe.stages().getFirst())
                    .accumulate(new Numbers(24, 64, 9).batch(0, 2), 0.5)
                    .item();
            double[] sum = {0};
            int[] seen = {0};
            student.buffer().parameters().forEach((name, leaf) -> {
                if (isMatrix(name)) {
                    Tensor w = leaf.detach();
                    Tensor off = excess(w);
                    sum[0] += off.square().sum().item() * 0.3 / LAYERS;
                    Tensor slope = off.matmul(w).mul(4 * 0.3 * 0.5 / LAYERS);
                    assertThat(leaf.grad()).isNotNull();
                    assertThat(leaf.grad().sub(slope).abs().amax().item())
                            .isLessThan(1e-5 * slope.abs().amax().item());
                    seen[0]++;
                }
            });
            assertThat(seen[0]).isEqualTo(matrices * LAYERS);
            assertThat(reported).isCloseTo(sum[0], within(1e-5 * sum[0]));
        }
    }

    /** The same training with and without it: what it holds, the loss alone lets go. */
    @ParameterizedTest
    @CsvSource({"softplus", "mlp", "glu"})
    void itBoundsWhatTrainingMakesOfTheMatrices(String map) {
        String term = "{weight: 1, loss: {type: attention-weights}}";
        double free = trained(recipe(map, "{type: sum, terms: [%s]}".formatted(term)));
        double held = trained(
                recipe(map, "{type: sum, terms: [%s, {weight: 1, loss: {type: orthogonality}}]}".formatted(term)));
        assertThat(free).isGreaterThan(1);
        assertThat(held).isLessThan(0.2);
    }

    private static double trained(Recipe recipe) {
        StageRecipe stage = recipe.stages().getFirst();
        try (Decoder decoder = TinyTeacher.untaught(64, LAYERS);
                Student student = student(decoder, recipe);
                AdamW adam = new AdamW(student.buffer(), new AdamW.Settings(0.9, 0.99, 1e-8))) {
            assertThat(distance(student)).isLessThan(1e-5);
            Objective objective = student.objective(stage);
            Numbers numbers = new Numbers(24, 64, 9);
            for (int step = 0; step < 60; step++) {
                student.buffer().zeroGradients();
                try (Scope work = Scope.open()) {
                    objective.accumulate(numbers.batch(4L * step, 4), 1);
                }
                adam.step(2e-2);
            }
            return distance(student);
        }
    }

    /** It has no hidden states of its own, so it stands beside losses of either. */
    @Test
    void aSumIsTakenOfTheStatesThatItsOtherTermsSee() {
        String sum =
                "{type: sum, terms: [{loss: {type: orthogonality}}, " + "{loss: {type: attention-output, input: %s}}]}";
        Loss teacher =
                recipe("mlp", sum.formatted("teacher")).stages().getFirst().loss();
        Loss student =
                recipe("mlp", sum.formatted("student")).stages().getFirst().loss();
        assertThat(List.of(teacher.input(), student.input())).containsExactly(Loss.Input.TEACHER, Loss.Input.STUDENT);
        assertThat(teacher.taught()).isTrue();
        assertThat(teacher.place()).isEqualTo(Loss.Place.MIXER);
        assertThatThrownBy(() -> recipe(
                        "mlp", "{type: sum, terms: [{loss: {type: orthogonality}}, {loss: {type: next-token}}]}"))
                .hasMessageContaining("losses of one place")
                .hasMessageContaining("orthogonality");
    }
}
