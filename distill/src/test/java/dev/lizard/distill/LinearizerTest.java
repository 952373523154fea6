package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.LinearSpec;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

@ExtendWith(LiveTensors.class)
class LinearizerTest {
    private static final BooleanSupplier NEVER = () -> false;

    @TempDir
    static Path shared;

    @BeforeAll
    static void teacher() throws IOException {
        TinyTeacher.write(shared, 500);
        TinyTeacher.stories(shared, 40);
    }

    private static Linearizer linearizer(String recipe, String out, boolean resume) {
        return new Linearizer(
                TinyTeacher.tree(recipe), "tiny.yaml", TinyTeacher.options(shared, out, resume), TrainListener.NONE);
    }

    private static double nll(LinearizeResult result, String stage, String model) {
        return result.measurements().stream()
                .filter(m -> m.stage().equals(stage) && m.model().equals(model))
                .findFirst()
                .orElseThrow()
                .nll();
    }

    private static float[] logits(Path folder) {
        try (OpenModel model = Models.open(folder, DType.FLOAT32, Device.CPU)) {
            long[] ids = new long[40];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = 32 + i * 7 % 90;
            }
            return model.decoder()
                    .logits(model.decoder().hidden(Tensors.of(ids, 1, ids.length), Form.CHUNK))
                    .floats();
        }
    }

    @Test
    void eachStageRecoversSomeOfTheTeacher() {
        LinearizeResult result = linearizer(TinyTeacher.RECIPE, "whole", false).run(NEVER);
        double teacher = nll(result, "before", "teacher");
        double swapped = nll(result, "before", "swapped");
        double transferred = nll(result, "transfer", "student");
        double finetuned = nll(result, "finetune", "student");
        assertThat(swapped).isGreaterThan(teacher);
        assertThat(transferred).isLessThan(swapped);
        assertThat(finetuned).isLessThan(transferred);
        assertThat(nll(result, "finetune", "linear only")).isGreaterThan(finetuned);
        assertThat(nll(result, "finetune", "window only")).isNotEqualTo(finetuned);
        List<StepRecord> transfer = result.steps().stream()
                .filter(s -> s.stage().equals("transfer"))
                .toList();
        assertThat(transfer).hasSize(40);
        assertThat(transfer.getLast().loss())
                .isLessThan(0.8 * transfer.getFirst().loss());
        assertThat(result.layerErrors())
                .singleElement()
                .satisfies(errors -> assertThat(errors.relativeErrors())
                        .hasSize(2)
                        .allSatisfy(error -> assertThat(error).isBetween(0.0, 1.0)));
    }

    @Test
    void foldersHaveWhatTheContractSaysAndOpenAgain() throws IOException {
        Path out = linearizer(TinyTeacher.RECIPE.replace("10000", "1000").replace("7000", "1000"), "files", false)
                .run(NEVER)
                .out();
        assertThat(out)
                .isDirectoryContaining("glob:**/config.json")
                .isDirectoryContaining("glob:**/model.safetensors")
                .isDirectoryContaining("glob:**/lizard.safetensors")
                .isDirectoryContaining("glob:**/adapter_config.json")
                .isDirectoryContaining("glob:**/adapter_model.safetensors")
                .isDirectoryContaining("glob:**/tokenizer.json")
                .isDirectoryContaining("glob:**/generation_config.json")
                .isDirectoryContaining("glob:**/recipe.yaml")
                .isDirectoryContaining("glob:**/provenance.json")
                .isDirectoryContaining("glob:**/log.jsonl")
                .isDirectoryNotContaining("glob:**/checkpoints");
        ObjectNode provenance = (ObjectNode) Json.read(out.resolve("provenance.json"), LizardException.Kind.INPUT);
        assertThat(provenance.at("/teacher/sha256").asString()).hasSize(64);
        assertThat(provenance.at("/data/sha256").asString()).hasSize(64);
        assertThat(provenance.at("/command/0").asString()).isEqualTo("linearize");
        try (OpenModel model = Models.open(out, DType.FLOAT32, Device.CPU)) {
            assertThat(model.converted()).isTrue();
        }
        Recipe again = Recipe.of(dev.lizard.base.ConfigTree.read(out.resolve("recipe.yaml")));
        assertThat(again.stages()).hasSize(2);
        assertThat(again.stages().getFirst().clip()).isEqualTo(1.0);
    }

    @Test
    void interruptedInEitherStageAndResumedWritesTheSameFolder() throws IOException {
        String recipe = TinyTeacher.RECIPE.replace("10000", "1500").replace("7000", "1500"); // 6 steps each
        Path unbroken = linearizer(recipe, "unbroken", false).run(NEVER).out();
        List<Path> outs = new ArrayList<>();
        for (int stopAt : new int[] {1, 6, 7, 11}) {
            int[] asked = {0};
            String out = "stopped-" + stopAt;
            assertThatThrownBy(() -> linearizer(recipe, out, false).run(() -> ++asked[0] == stopAt))
                    .isInstanceOfSatisfying(
                            LizardException.class,
                            e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INTERRUPTED));
            outs.add(linearizer(recipe, out, true).run(NEVER).out());
        }
        for (Path out : outs) {
            for (String file : List.of(
                    "lizard.safetensors",
                    "adapter_model.safetensors",
                    "config.json",
                    "recipe.yaml",
                    "model.safetensors")) {
                assertThat(out.resolve(file)).hasSameBinaryContentAs(unbroken.resolve(file));
            }
            assertThat(TrainerTest.log(out)).isEqualTo(TrainerTest.log(unbroken));
            assertThat(logits(out)).isEqualTo(logits(unbroken));
        }
        assertThat(linearizer(recipe, "unbroken", true).run(NEVER).steps()).hasSize(12);
    }

    /** Every key as version 0.1 wrote it to {@code recipe.yaml}, defaults of the other loss included. */
    private static final String WRITTEN_BEFORE = """
        name: "tiny"
        mixer:
          mixer: "lizard"
          window: 8
          features: 8
          meta: 2
          shortest_half_life: 4.0
          longest_half_life: 64.0
        layers: "all"
        sequence_length: 64
        batch: 4
        accumulate: 1
        seed: "0"
        held_out: {share: 0.2, stretch: 2, tokens: 1024}
        stages:
        - {name: "transfer", loss: "attention-mse", trains: ["all"], input: "teacher", tokens: 1500,
           learning_rate: 1e-2, group_rates: {gate: 5}, betas: [0.9, 0.99], epsilon: 1.0E-8, weight_decay: 0,
           clip: 1.0, schedule: {kind: "cosine", warmup: 0.1, min_ratio: 0.1}, loss_scale: 1000, teacher_kl: 0,
           labels: "all", recompute: false, checkpoint_every: 16, measure_every: 0}
        - {name: "finetune", loss: "next-token", trains: ["maps", "lora"], input: "teacher", tokens: 1500,
           learning_rate: 5e-3, betas: [0.9, 0.99], epsilon: 1.0E-8, weight_decay: 0, clip: 1.0,
           schedule: {kind: "cosine", warmup: 0.1, min_ratio: 0.1}, loss_scale: 1000, teacher_kl: 0.5,
           lora: {rank: 4, alpha: 8, targets: ["q_proj", "k_proj", "v_proj"]}, labels: "all", recompute: false,
           checkpoint_every: 16, measure_every: 0}
        """;

    @Test
    void runsThatTheVersionBeforeBeganGoOn() throws IOException {
        String recipe = TinyTeacher.OLD_RECIPE
                .replace("10000", "1500")
                .replace("7000", "1500")
                .replace("learning_rate: 5e-3", "learning_rate: 5e-3\n    teacher_kl: 0.5");
        Path unbroken = linearizer(recipe, "old-unbroken", false).run(NEVER).out();
        int[] asked = {0};
        assertThatThrownBy(() -> linearizer(recipe, "old", false).run(() -> ++asked[0] == 8))
                .isInstanceOf(LizardException.class);
        Path out = shared.resolve("old");
        Files.writeString(out.resolve("recipe.yaml"), WRITTEN_BEFORE);
        List<String> notes = new ArrayList<>();
        TrainListener listener = new TrainListener() {
            @Override
            public void note(String note) {
                notes.add(note);
            }
        };
        new Linearizer(TinyTeacher.tree(recipe), "tiny.yaml", TinyTeacher.options(shared, "old", true), listener)
                .run(NEVER);
        for (String file : List.of("lizard.safetensors", "adapter_model.safetensors")) {
            assertThat(out.resolve(file)).hasSameBinaryContentAs(unbroken.resolve(file));
        }
        assertThat(notes)
                .anySatisfy(note -> assertThat(note)
                        .startsWith("tiny.yaml/stages.0.loss: spelt as version 0.1 spelt it (and ")
                        .endsWith("keys more); docs/recipes.md has today's spelling"))
                .anySatisfy(note -> assertThat(note).contains("old/recipe.yaml/stages.0.loss"));
    }

    @Test
    void hybridsKeepSomeLayersAsTheyWere() {
        String recipe =
                TinyTeacher.RECIPE.replace("10000", "600").replace("7000", "600") + "layers: {keep_softmax: [1]}\n";
        Path out = linearizer(recipe, "hybrid", false).run(NEVER).out();
        try (OpenModel model = Models.open(out, DType.FLOAT32, Device.CPU)) {
            assertThat(model.decoder().mixerSpecs().stream().map(spec -> spec.mixer()))
                    .containsExactly("lizard", "softmax");
        }
    }

    @Test
    void otherMixersInputsAndLossesTrainToo() {
        for (String mixer : List.of("lizard-sum", "lizard-literal", "lolcats")) {
            String keys = mixer.equals("lolcats") ? "" : ", meta: 2";
            String recipe = TinyTeacher.RECIPE
                    .replaceAll("mixer: \\{.*\\}", "mixer: {mixer: %s, window: 8%s}".formatted(mixer, keys))
                    .replace("10000", "2500")
                    .replace("7000", "2500")
                    .replace("groups: {gate: {rate: 5}}", "")
                    .replace("{type: attention-output}", "{type: attention-output, input: student}")
                    .replace(
                            "{type: next-token}",
                            "{type: sum, terms: [{loss: {type: next-token}}, {weight: 0.5, loss: {type: kl}}]}");
            LinearizeResult result = linearizer(recipe, mixer, false).run(NEVER);
            assertThat(nll(result, "transfer", "student")).as(mixer).isLessThan(nll(result, "before", "swapped"));
            assertThat(nll(result, "finetune", "student")).as(mixer).isLessThan(nll(result, "transfer", "student"));
        }
    }

    @Test
    void aMixerWithoutParametersIsLearntByTheModelAroundIt() {
        String recipe = """
            name: plain
            mixer: {mixer: linear}
            sequence_length: 64
            batch: 4
            held_out: {share: 0.2, tokens: 1024}
            stages:
              - name: finetune
                loss: {type: next-token}
                train: {lora: {rank: 4, alpha: 8}}
                tokens: 2500
                learning_rate: 5e-3
            """;
        LinearizeResult result = linearizer(recipe, "linear", false).run(NEVER);
        assertThat(nll(result, "finetune", "student")).isLessThan(nll(result, "before", "swapped"));
        try (OpenModel model = Models.open(result.out(), DType.FLOAT32, Device.CPU)) {
            assertThat(model.decoder().mixerSpecs()).containsOnly(new LinearSpec());
        }
    }

    @Test
    void planCountsWithoutWriting() {
        Plan plan = linearizer(TinyTeacher.RECIPE, "planned", false).plan();
        assertThat(plan.replaced()).containsExactly(0, 1);
        assertThat(plan.kept()).isEmpty();
        assertThat(plan.parameters()).containsEntry("maps", 2L * 2 * 4 * 8 * 8).containsEntry("gate", 2L * 4 * 33);
        assertThat(plan.stages()).hasSize(2).allSatisfy(stage -> {
            assertThat(stage.seconds()).isPositive();
            assertThat(stage.flops()).isPositive();
            assertThat(stage.memoryBytes()).isPositive();
        });
        assertThat(plan.stages().get(0).steps()).isEqualTo(40);
        assertThat(plan.stages().get(1).trainable()).isEqualTo(1024 + 2L * 4 * (32 + 32 + 32 + 16 + 32 + 16));
        assertThat(shared.resolve("planned")).doesNotExist();
    }

    @Test
    void saysWhatIsWrongBeforeAnythingIsTrained() throws IOException {
        Path used = Files.createDirectories(shared.resolve("used"));
        Files.writeString(used.resolve("x"), "y");
        refused(TinyTeacher.RECIPE, "used", "output folder exists", "--resume");
        refused(TinyTeacher.RECIPE.replace("alpha: 8", "alpha: 8, targets: [q_prj]"), "a", "'q_prj'", "q_proj");
        refused(TinyTeacher.RECIPE.replace("[maps]", "[map]"), "b", "stages.1", "'map'", "maps");
        refused(
                TinyTeacher.RECIPE.replace("sequence_length: 64", "sequence_length: 1000000"),
                "c",
                "sequence length 1000000",
                "shorten sequences");
        refused(TinyTeacher.RECIPE + "windw: 8\n", "d", "tiny.yaml/windw", "unknown key");
        refused(TinyTeacher.RECIPE + "layers: [2]\n", "e", "tiny.yaml/layers", "from 0 to 1");
        refused(TinyTeacher.RECIPE.replace("mixer: lizard,", "mixer: lizzard,"), "f", "lizzard", "lizard");
        assertThat(shared.resolve("a")).doesNotExist();
        assertThatThrownBy(() -> Recipes.find("lizzard", note -> {})).hasMessageContaining("did you mean 'lizard'?");
    }

    private static void refused(String recipe, String out, String... words) {
        assertThatThrownBy(() -> linearizer(recipe, out, false).run(NEVER))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContainingAll(words);
    }
}
