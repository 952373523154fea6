package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Distance;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Replayed passes give the losses and gradients of passes that run. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class GraphedPassTest {
    private static final String RECIPE =
            TinyTeacher.RECIPE.replace("window: 8, features: 8", "window: 64, features: 32");
    private static final int LENGTH = 300;

    private static Decoder decoder() {
        return decoder(DType.BFLOAT16, Device.cuda(0));
    }

    private static Decoder decoder(DType dtype, Device device) {
        return Decoder.random(TinyTeacher.config(256, 192, 3, 3, 1, 256), new RandomStream(2), dtype, device);
    }

    private static SortedMap<Integer, MixerSpec> specs() {
        SortedMap<Integer, MixerSpec> specs = new TreeMap<>();
        for (int layer = 0; layer < 3; layer++) {
            specs.put(layer, new LizardSpec(LizardSpec.Variant.JOINT, 64, 32, 2, 4, 64, LizardSpec.Branches.BOTH));
        }
        return specs;
    }

    /** Gradients of all parameters of a kind, such as {@code lora_A.weight}, away from where training begins. */
    private static SortedMap<String, float[]> gradients(String recipe, DType dtype, Device device) {
        StageRecipe stage = Recipe.of(TinyTeacher.tree(recipe)).stages().get(1);
        SortedMap<String, float[]> kinds = new TreeMap<>();
        try (Decoder decoder = decoder(dtype, device);
                Student student = new Student(decoder, specs(), 0);
                Scope work = Scope.open()) {
            student.prepare(stage, "tiny.yaml/stages.1");
            student.seat(stage);
            student.buffer().parameters().values().forEach(leaf -> leaf.requiresGrad(true));
            Tensor values = student.buffer().values();
            float[] noise = new RandomStream(3).normal((int) values.count(), 0.05);
            values.add_(Tensors.of(noise, noise.length).to(device));
            student.objective(stage).accumulate(new Numbers(LENGTH, 256, 9).batch(0, 2), 1);
            student.buffer().parameters().forEach((name, leaf) -> {
                Tensor gradient = leaf.grad();
                if (gradient != null) {
                    String kind = name.replaceFirst(".*(self_attn|_proj)\\.", "");
                    kinds.merge(kind, gradient.floats(), GraphedPassTest::joined);
                }
            });
            student.leave();
        }
        return kinds;
    }

    private static float[] joined(float[] a, float[] b) {
        float[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    @Test
    void gradientsOfAllKindsAreThoseOfTheCpu() {
        asOnTheCpu(RECIPE, "lora_A.weight", "gate_bias", "sink");
    }

    @Test
    void gradientsOfTheModelsOwnWeightsAreThoseOfTheCpu() {
        String base = RECIPE.replace("train: {mixer: [maps],", "train: {mixer: all, base: all,");
        asOnTheCpu(base, "lora_A.weight", "gate_bias", "model.embed_tokens.weight");
        String taught = base.replace(
                "{type: next-token}",
                "{type: sum, terms: [{loss: {type: kl, top_k: 16}}, {loss: {type: hidden-state, input: student}}]}");
        asOnTheCpu(taught, "lora_A.weight", "gate_bias", "model.embed_tokens.weight");
    }

    private static void asOnTheCpu(String recipe, String... kinds) {
        SortedMap<String, float[]> expected = gradients(recipe, DType.FLOAT32, Device.CPU);
        SortedMap<String, float[]> actual = gradients(recipe, DType.BFLOAT16, Device.cuda(0));
        assertThat(actual.keySet()).isEqualTo(expected.keySet()).contains(kinds);
        expected.forEach((kind, gradient) -> {
            double error = Distance.relative(actual.get(kind), gradient);
            System.out.printf("%s: %.2e%n", kind, error);
            assertThat(error).as(kind).isLessThan(0.1);
        });
    }

    /** The same as documents of so many tokens. */
    private static Batch packed(Batch batch, int each) {
        int[] documents = new int[2 * LENGTH];
        for (int i = 0; i < documents.length; i++) {
            documents[i] = i % LENGTH - i % LENGTH % each;
        }
        return new Batch(2, LENGTH, batch.inputs(), batch.targets(), documents);
    }

    private static void replaysAsItRuns(String recipe, int index) {
        replaysAsItRuns(recipe, index, false);
    }

    private static void replaysAsItRuns(String recipe, int index, boolean apart) {
        StageRecipe stage = Recipe.of(TinyTeacher.tree(recipe)).stages().get(index);
        try (Decoder decoder = decoder();
                Student student = new Student(decoder, specs(), 0)) {
            student.prepare(stage, "tiny.yaml/stages." + index);
            student.seat(stage);
            Objective objective = student.objective(stage);
            assertThat(objective.recordable()).isTrue();
            try (GraphedPass recorded = new GraphedPass(objective);
                    Scope work = Scope.open()) {
                for (int step = 0; step < 4; step++) {
                    Batch plain = new Numbers(LENGTH, 256, 9).batch(2L * step, 2);
                    Batch batch = apart ? packed(plain, 40 + 30 * step) : plain;
                    student.buffer().zeroGradients();
                    double loss = recorded.accumulate(Ids.of(batch, decoder.device()), 1)
                            .item();
                    float[] gradients = student.buffer().gradients().floats();
                    student.buffer().zeroGradients();
                    double expected = objective.accumulate(batch, 1).item();
                    float[] expectedGradients = student.buffer().gradients().floats();
                    double error = Distance.relative(gradients, expectedGradients);
                    System.out.printf(
                            "%s, step %d: loss %.6f and %.6f, gradients %.2e%n",
                            stage.name(), step, loss, expected, error);
                    assertThat(Math.abs(loss - expected)).isLessThan(1e-4 * expected);
                    assertThat(error).isLessThan(1e-3);
                }
            }
            student.leave();
        }
    }

    @Test
    void attentionTransfer() {
        replaysAsItRuns(RECIPE, 0);
        replaysAsItRuns(RECIPE.replace("{type: attention-output}", "{type: attention-output, relative: true}"), 0);
    }

    @Test
    void nextToken() {
        replaysAsItRuns(RECIPE, 1);
    }

    @Test
    void documentsKeptApart() {
        replaysAsItRuns(RECIPE, 0, true);
        replaysAsItRuns(RECIPE, 1, true);
    }
}
