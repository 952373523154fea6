package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.ProcessMemory;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LiveTensors.class)
class TransferTest {
    private static final int VOCABULARY = 256;
    private static final String WHERE = "tiny.yaml/stages.0";

    private static Decoder decoder(int layers) {
        return TinyTeacher.untaught(VOCABULARY, layers);
    }

    private static Student student(Decoder decoder, int... layers) {
        SortedMap<Integer, MixerSpec> specs = new TreeMap<>();
        for (int layer : layers) {
            specs.put(layer, new LizardSpec(LizardSpec.Variant.JOINT, 8, 8, 2, 4, 64, LizardSpec.Branches.BOTH));
        }
        return new Student(decoder, specs, 0);
    }

    private static StageRecipe stage(int index, String... changes) {
        String yaml = TinyTeacher.RECIPE;
        for (int i = 0; i < changes.length; i += 2) {
            yaml = yaml.replace(changes[i], changes[i + 1]);
        }
        return Recipe.of(TinyTeacher.tree(yaml)).stages().get(index);
    }

    private static Batch batch(int rows, int length) {
        return new Numbers(length, VOCABULARY, 9).batch(0, rows);
    }

    @Test
    void layerLocalGradientsAreThoseOfTheWholeLoss() {
        try (Decoder decoder = decoder(3);
                Student student = student(decoder, 0, 1, 2);
                Scope kept = Scope.owner()) {
            StageRecipe stage = stage(0);
            student.prepare(stage, WHERE);
            Batch batch = batch(2, 24);
            double reported = student.objective(stage).accumulate(batch, 0.5).item();
            float[] local = student.buffer().gradients().floats();

            student.buffer().zeroGradients();
            Tensor[] total = {Tensors.zeros(DType.FLOAT32, Device.CPU)};
            decoder.hidden(Ids.inputs(batch, Device.CPU), Form.CHUNK, (layer, in, heads) -> {
                Tensor y = student.mixers().get(layer).parallel(in); // [B, H, T, d]
                total[0] = kept.adopt(total[0].add(y.sub(heads).square().mean().mul(1000.0 / 3)));
            });
            assertThat(total[0].item()).isCloseTo(reported, within(1e-4 * reported));
            total[0].mul(0.5).backward();
            float[] whole = student.buffer().gradients().floats();
            double difference = 0;
            double size = 0;
            for (int i = 0; i < whole.length; i++) {
                difference = Math.max(difference, Math.abs(whole[i] - local[i]));
                size = Math.max(size, Math.abs(whole[i]));
            }
            assertThat(size).isPositive();
            assertThat(difference).isLessThan(1e-3 * size);
        }
    }

    private static Map<String, float[]> values(Student student) {
        Map<String, float[]> values = new HashMap<>();
        student.buffer().parameters().forEach((name, leaf) -> values.put(name, leaf.floats()));
        return values;
    }

    @Test
    void onlyWhatAStageNamesMoves() {
        try (Decoder decoder = decoder(2);
                Student student = student(decoder, 0, 1)) {
            StageRecipe stage = stage(1); // trains maps and lora
            student.prepare(stage, WHERE);
            student.seat(stage);
            Map<String, float[]> before = values(student);
            try (AdamW adam = new AdamW(student.buffer(), new AdamW.Settings(0.9, 0.99, 1e-8))) {
                for (int step = 0; step < 2; step++) { // the first moves only B, which is zero
                    student.buffer().zeroGradients();
                    student.objective(stage).accumulate(batch(2, 24), 1);
                    adam.step(1e-2);
                }
            }
            Set<String> moved = new HashSet<>();
            values(student).forEach((name, after) -> {
                if (!Arrays.equals(before.get(name), after)) {
                    moved.add(name.replaceAll("layers\\.\\d", "layers.N"));
                }
            });
            assertThat(moved)
                    .containsExactlyInAnyOrder(
                            "model.layers.N.self_attn.query_map",
                            "model.layers.N.self_attn.key_map",
                            "model.layers.N.self_attn.q_proj.lora_A.weight",
                            "model.layers.N.self_attn.q_proj.lora_B.weight",
                            "model.layers.N.self_attn.k_proj.lora_A.weight",
                            "model.layers.N.self_attn.k_proj.lora_B.weight",
                            "model.layers.N.self_attn.v_proj.lora_A.weight",
                            "model.layers.N.self_attn.v_proj.lora_B.weight");
        }
    }

    /** A window that sees everything makes the student the teacher: nothing diverges, and LoRA gets no push from it. */
    @Test
    void divergenceFromTheTeacherIsZeroForTheTeacherItself() {
        try (Decoder decoder = decoder(2)) {
            SortedMap<Integer, MixerSpec> same = new TreeMap<>();
            same.put(0, new LizardSpec(LizardSpec.Variant.JOINT, 64, 8, 0, 4, 64, LizardSpec.Branches.BOTH));
            try (Student student = new Student(decoder, same, 0)) {
                Batch batch = batch(2, 24);
                StageRecipe plain = stage(1);
                student.prepare(plain, WHERE);
                student.seat(plain);
                double alone = student.objective(plain).accumulate(batch, 1).item();
                float[] gradient = student.buffer().gradients().floats();
                student.buffer().zeroGradients();
                StageRecipe taught = stage(
                        1,
                        "{type: next-token}",
                        "{type: sum, terms: [{loss: {type: next-token}}, {weight: 3, loss: {type: kl}}]}");
                double both = student.objective(taught).accumulate(batch, 1).item();
                assertThat(both).isCloseTo(alone, within(1e-5));
                float[] again = student.buffer().gradients().floats();
                for (int i = 0; i < gradient.length; i++) {
                    assertThat(again[i]).isCloseTo(gradient[i], within(1e-5f));
                }
            }
        }
    }

    @Test
    void divergenceNamesTheLayer() {
        try (Decoder decoder = decoder(3);
                Student student = student(decoder, 0, 1, 2)) {
            for (int index = 0; index < 2; index++) {
                StageRecipe stage = stage(index);
                student.prepare(stage, WHERE);
                student.seat(stage);
                student.buffer()
                        .parameters()
                        .get("model.layers.1.self_attn.query_map")
                        .detach()
                        .fill_(Double.NaN);
                Objective objective = student.objective(stage);
                assertThat(objective.accumulate(batch(1, 24), 1).item()).isNaN();
                assertThat(objective.diagnose(batch(1, 24))).isEqualTo("layer 1 (mixer)");
            }
        }
    }

    @Test
    void aThousandStepsOfEachStageLeaveNoTensorBehind() {
        try (Decoder decoder = decoder(2);
                Student student = student(decoder, 1)) {
            for (int index = 0; index < 2; index++) {
                StageRecipe stage = stage(index);
                student.prepare(stage, WHERE);
                student.seat(stage);
                Objective objective = student.objective(stage);
                Batch batch = batch(1, 12);
                try (AdamW adam = new AdamW(student.buffer(), new AdamW.Settings(0.9, 0.99, 1e-8))) {
                    long live = -1;
                    for (int step = 0; step < 1000; step++) {
                        try (Scope work = Scope.open()) {
                            student.buffer().zeroGradients();
                            objective.accumulate(batch, 1);
                            adam.step(1e-3);
                        }
                        live = step == 2 ? Scope.liveTensors() : live;
                    }
                    assertThat(Scope.liveTensors()).as("stage %d", index).isEqualTo(live);
                }
            }
        }
    }

    @Test
    void peakMemoryOfTheFirstStageDoesNotGrowWithDepth() throws IOException {
        Assumptions.assumeTrue(
                Files.isWritable(Path.of("/proc/self/clear_refs")), "needs /proc/self/clear_refs to measure peaks");
        long shallow = growth(2);
        long deep = growth(12);
        assertThat(shallow).isGreaterThan(20_000_000);
        assertThat(deep).as("12 layers against 2, of %d bytes", shallow).isLessThan(shallow + shallow / 4);
    }

    /** How far resident memory rises in a pass over 4,096 tokens; what earlier passes freed may be used again. */
    private static long growth(int layers) throws IOException {
        try (Decoder decoder = decoder(layers);
                Student student = student(decoder, all(layers))) {
            StageRecipe stage = stage(0);
            student.prepare(stage, WHERE);
            Objective objective = student.objective(stage);
            Batch batch = batch(2, 2048);
            Files.writeString(Path.of("/proc/self/clear_refs"), "5"); // the peak starts anew
            long before = ProcessMemory.residentBytes().orElseThrow();
            try (Scope work = Scope.open()) {
                objective.accumulate(batch, 1);
            }
            return ProcessMemory.peakBytes().orElseThrow() - before;
        }
    }

    private static int[] all(int layers) {
        return java.util.stream.IntStream.range(0, layers).toArray();
    }
}
