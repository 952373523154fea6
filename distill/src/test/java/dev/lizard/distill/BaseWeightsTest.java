package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.StoredType;
import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights of the model itself that stages train. */
@ExtendWith(LiveTensors.class)
class BaseWeightsTest {
    private static final String RECIPE = TinyTeacher.RECIPE
            .replace("10000", "1500")
            .replace("7000", "1500") // 6 steps each
            .replace("train: {mixer: [maps], lora: {rank: 4, alpha: 8}}", "train: {mixer: all, base: all}")
            .replace("learning_rate: 5e-3", "learning_rate: 2e-3");

    @TempDir
    static Path shared;

    @BeforeAll
    static void teacher() throws IOException {
        TinyTeacher.write(shared, 300);
        TinyTeacher.stories(shared, 40);
    }

    private static Linearizer linearizer(String recipe, String out, DType dtype, boolean resume) {
        LinearizeOptions plain = TinyTeacher.options(shared, out, resume);
        LinearizeOptions options = new LinearizeOptions(
                plain.model(),
                plain.data(),
                plain.heldOut(),
                plain.out(),
                plain.cache(),
                plain.device(),
                dtype,
                plain.models(),
                resume,
                plain.version(),
                plain.command());
        return new Linearizer(TinyTeacher.tree(recipe), "tiny.yaml", options, TrainListener.NONE);
    }

    private static Map<String, Tensor> weights() {
        Map<String, Tensor> weights = new TreeMap<>();
        for (String name : List.of(
                "model.embed_tokens.weight",
                "model.layers.0.input_layernorm.weight",
                "model.layers.0.self_attn.q_proj.weight",
                "model.layers.0.self_attn.q_proj.bias",
                "model.layers.0.mlp.up_proj.weight",
                "model.layers.10.mlp.up_proj.weight",
                "model.norm.weight")) {
            weights.put(name, Tensors.zeros(DType.FLOAT32, Device.CPU, name.contains("norm") ? 1 : 2));
        }
        return weights;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        all                  | 7
        q_proj               | 2
        mlp                  | 2
        layers.1             | 0
        layers.10            | 1
        layers.1*            | 1
        *norm                | 2
        q_proj.weight        | 1
        all,!embed_tokens    | 6
        embed_tokens,norm    | 2
        layers,!mlp,!*norm   | 2
        """)
    void areNamedByPartsOfTheirNames(String patterns, int count) {
        List<String> names = List.of(patterns.split(",", -1));
        if (count == 0) {
            assertThatThrownBy(() -> BaseWeights.named(names, weights(), "r.yaml/stages.0/train.base"))
                    .hasMessage("no such weight in r.yaml/stages.0/train.base: expected all, or parts of the model's"
                            + " names of weights but found 'layers.1'; did you mean 'layers'?");
        } else {
            assertThat(BaseWeights.named(names, weights(), "r.yaml")).hasSize(count);
        }
    }

    @Test
    void namesWithoutEffectAreRefused() {
        for (List<String> names :
                List.of(List.of("mlp", "up_proj"), List.of("!mlp"), List.of("mlp", "!q_proj"), List.of("all", "all"))) {
            assertThatThrownBy(() -> BaseWeights.named(names, weights(), "r.yaml"))
                    .isInstanceOfSatisfying(
                            LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                    .hasMessageContaining("name without effect in r.yaml");
        }
        assertThatThrownBy(() -> BaseWeights.named(List.of("embed_tokns"), weights(), "r.yaml"))
                .hasMessageContaining("did you mean 'embed_tokens'?");
    }

    @Test
    void onlyWhatIsNamedMovesAndEachAtItsRate() {
        try (Decoder decoder = TinyTeacher.untaught(64, 2);
                Student student = new Student(decoder, new TreeMap<>(), 0)) {
            StageRecipe first = stage("[mlp, embed_tokens]", "{base: {weight_decay: 0.5}, base-embedding: {rate: 0}}");
            StageRecipe second = stage("[q_proj, input_layernorm]", "{base: {rate: 0.1, weight_decay: 0.5}}");
            assertThat(moved(student, first))
                    .containsExactlyInAnyOrder(
                            "model.layers.N.mlp.gate_proj.weight",
                            "model.layers.N.mlp.up_proj.weight",
                            "model.layers.N.mlp.down_proj.weight");
            assertThat(moved(student, second))
                    .containsExactlyInAnyOrder(
                            "model.layers.N.self_attn.q_proj.weight", "model.layers.N.input_layernorm.weight");
        }
    }

    private static StageRecipe stage(String base, String groups) {
        return Recipe.of(TinyTeacher.tree("""
            name: tiny
            mixer: {mixer: lizard}
            stages: [{name: only, loss: {type: next-token}, train: {base: %s}, tokens: 1,
                      learning_rate: 1e-2, groups: %s}]
            """.formatted(base, groups))).stages().getFirst();
    }

    private static TreeSet<String> moved(Student student, StageRecipe stage) {
        student.prepare(stage, "tiny.yaml/stages.0");
        student.seat(stage);
        Map<String, float[]> before = new HashMap<>();
        student.decoder().weights().forEach((name, weight) -> before.put(name, weight.floats()));
        try (AdamW adam = new AdamW(student.buffer(), new AdamW.Settings(0.9, 0.99, 1e-8))) {
            student.objective(stage).accumulate(new Numbers(20, 64, 9).batch(0, 2), 1);
            adam.step(1e-2);
        }
        TreeSet<String> moved = new TreeSet<>();
        student.decoder().weights().forEach((name, weight) -> {
            if (!Arrays.equals(weight.floats(), before.get(name))) {
                moved.add(name.replaceAll("layers\\.\\d", "layers.N"));
            }
        });
        return moved;
    }

    @Test
    void fullFineTuningIsResumedToTheSameFolder() throws IOException {
        LinearizeResult whole =
                linearizer(RECIPE, "whole", DType.FLOAT32, false).run(() -> false);
        assertThat(nll(whole, "finetune")).isLessThan(nll(whole, "transfer"));
        List<Path> outs = new ArrayList<>();
        for (int stopAt : new int[] {3, 8}) {
            int[] asked = {0};
            String out = "stopped-" + stopAt;
            assertThatThrownBy(
                            () -> linearizer(RECIPE, out, DType.FLOAT32, false).run(() -> ++asked[0] == stopAt))
                    .isInstanceOf(LizardException.class);
            outs.add(linearizer(RECIPE, out, DType.FLOAT32, true)
                    .run(() -> false)
                    .out());
        }
        for (Path out : outs) {
            for (String file : List.of("lizard.safetensors", "model.safetensors", "config.json", "recipe.yaml")) {
                assertThat(out.resolve(file)).hasSameBinaryContentAs(whole.out().resolve(file));
            }
            assertThat(TrainerTest.log(out)).isEqualTo(TrainerTest.log(whole.out()));
        }
        assertThat(whole.out().resolve("adapter_config.json")).doesNotExist();
    }

    /** What the folder computes is what was measured last, also where activations are narrower than the masters. */
    @ParameterizedTest
    @CsvSource({"FLOAT32", "BFLOAT16"})
    void foldersHoldWhatWasTrainedAndElseTheBase(DType dtype) throws IOException {
        String recipe = RECIPE.replace("base: all", "base: [mlp, norm]")
                .replace(
                        "loss: {type: next-token}",
                        "loss:" + " {type: sum, terms: [{loss: {type: next-token}}, {weight: 0.5, loss: {type: kl}}]}");
        String out = "folder-" + dtype;
        Map<String, float[]> last = new HashMap<>();
        LinearizeOptions options = TinyTeacher.options(shared, out, false);
        TrainListener listener = new TrainListener() {
            @Override
            public void examine(String stage, long step, String model, Decoder decoder) {
                if (stage.equals("finetune") && model.equals("student")) {
                    last.put("logits", logits(decoder));
                }
            }
        };
        new Linearizer(
                        TinyTeacher.tree(recipe),
                        "tiny.yaml",
                        new LinearizeOptions(
                                options.model(),
                                options.data(),
                                options.heldOut(),
                                options.out(),
                                options.cache(),
                                options.device(),
                                dtype,
                                options.models(),
                                false,
                                "test",
                                List.of()),
                        listener)
                .run(() -> false);
        try (OpenModel open = Models.open(shared.resolve(out), dtype, Device.CPU)) {
            assertThat(logits(open.decoder())).isEqualTo(last.get("logits"));
        }
        try (Checkpoint written = Checkpoint.open(shared.resolve(out));
                Checkpoint base = Checkpoint.open(shared.resolve("teacher"))) {
            StoredType type = dtype == DType.BFLOAT16 ? StoredType.BF16 : StoredType.F32;
            String trained = "model.layers.0.mlp.up_proj.weight";
            String kept = "model.layers.0.self_attn.q_proj.weight";
            assertThat(written.weights().info(trained).type()).isEqualTo(type);
            assertThat(written.weights().info(kept).type()).isEqualTo(StoredType.F32);
            assertThat(written.weights().raw(kept).mismatch(base.weights().raw(kept)))
                    .isEqualTo(-1);
            assertThat(written.weights().raw(trained).mismatch(base.weights().raw(trained)))
                    .isNotEqualTo(-1);
        }
    }

    private static float[] logits(Decoder decoder) {
        long[] ids = new long[40];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 32 + i * 7 % 90;
        }
        return decoder.logits(decoder.hidden(Tensors.of(ids, 1, ids.length), Form.CHUNK))
                .floats();
    }

    private static double nll(LinearizeResult result, String stage) {
        return result.measurements().stream()
                .filter(m -> m.stage().equals(stage) && m.model().equals("student"))
                .findFirst()
                .orElseThrow()
                .nll();
    }

    @Test
    void plansCountThem() {
        Plan plan = linearizer(RECIPE, "planned", DType.FLOAT32, false).plan();
        Plan less = linearizer(RECIPE.replace("base: all", "base: [mlp]"), "planned", DType.FLOAT32, false)
                .plan();
        long mlp = 2L * 3 * 32 * 64;
        try (OpenModel teacher = Models.open(shared.resolve("teacher"), DType.FLOAT32, Device.CPU)) {
            long all = Planner.count(teacher.decoder().weights().values());
            long mixers = plan.stages().getFirst().trainable();
            assertThat(plan.stages().get(1).trainable()).isEqualTo(mixers + all);
            assertThat(less.stages().get(1).trainable()).isEqualTo(mixers + mlp);
            assertThat(plan.stages().get(1).memoryBytes() - less.stages().get(1).memoryBytes())
                    .isEqualTo(20 * (all - mlp));
            assertThat(plan.stages().get(1).flops())
                    .isGreaterThan(less.stages().get(1).flops());
        }
    }

    @Test
    void whatALossDoesNotReachIsRefused() {
        String recipe = RECIPE.replace("{type: next-token}", "{type: hidden-state}");
        assertThatThrownBy(() ->
                        linearizer(recipe, "refused", DType.FLOAT32, false).run(() -> false))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessage("weight that the loss does not reach in tiny.yaml/stages.1/train.base: expected weights of"
                        + " blocks, such as [layers] but found model.embed_tokens.weight; take it out, or choose a loss"
                        + " along the whole pass");
        assertThat(shared.resolve("refused")).doesNotExist();
    }
}
