package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.Importance;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

@ExtendWith(LiveTensors.class)
class SlotStagesTest {
    private static final String RECIPE = """
        name: tiny
        mixer: {mixer: lizard, window: 8, first: 2, slots: 12, score_hidden: 16, far: none, meta: 0}
        sequence_length: 64
        batch: 4
        held_out: {share: 0.2, tokens: 1024}
        stages:
          - name: importance
            loss: {type: importance}
            train: {mixer: [score]}
            tokens: 10000
            learning_rate: 1e-2
          - name: finetune
            loss: {type: next-token}
            train: {lora: {rank: 4, alpha: 8}}
            random_slots: [2, 12]
            tokens: 2000
            learning_rate: 5e-3
          - name: refit
            loss: {type: importance, input: student}
            train: {mixer: [score]}
            tokens: 1000
            learning_rate: 1e-3
            checkpoint_every: 3
        """;

    private static Linearizer linearizer(Path folder, String recipe, String out, boolean resume) {
        return new Linearizer(
                TinyTeacher.tree(recipe), "tiny.yaml", TinyTeacher.options(folder, out, resume), TrainListener.NONE);
    }

    @Test
    void scoresAreFittedBetweenThemTheStudentLearnsAndARunResumes(@TempDir Path folder) throws IOException {
        TinyTeacher.write(folder, 120);
        TinyTeacher.stories(folder, 30);
        LinearizeResult result = linearizer(folder, RECIPE, "whole", false).run(() -> false);
        List<StepRecord> first = result.steps().stream()
                .filter(s -> s.stage().equals("importance"))
                .toList();
        assertThat(first.getLast().loss()).isLessThan(0.6 * first.getFirst().loss());
        JsonNode mixer = Json.read(result.out().resolve("config.json"), LizardException.Kind.INPUT)
                .at("/lizard/layers/1");
        assertThat(mixer.path("slots").asInt()).isEqualTo(12);
        assertThat(mixer.path("distance_limit").asInt()).isEqualTo(128); // what the teacher was trained for
        int[] asked = {0};
        int stop = first.size() + 4; // in the stage that draws slots
        assertThatThrownBy(() -> linearizer(folder, RECIPE, "stopped", false).run(() -> ++asked[0] == stop))
                .isInstanceOf(LizardException.class);
        Path resumed =
                linearizer(folder, RECIPE, "stopped", true).run(() -> false).out();
        for (String file : List.of("lizard.safetensors", "adapter_model.safetensors", "config.json")) {
            assertThat(resumed.resolve(file))
                    .hasSameBinaryContentAs(result.out().resolve(file));
        }
    }

    @Test
    void theLossIsTheMeanSquareOfWhatScoresAreWrongBy() {
        Recipe recipe = Recipe.of(TinyTeacher.tree(RECIPE));
        try (Decoder decoder = TinyTeacher.untaught(64, 3);
                Student student = student(decoder, recipe)) {
            StageRecipe stage = recipe.stages().getFirst();
            student.prepare(stage, "tiny.yaml/stages.0");
            student.seat(stage);
            Numbers numbers = new Numbers(20, 64, 9);
            double reported = student.objective(stage)
                    .accumulate(numbers.batch(0, 2), 0.5)
                    .item();
            assertThat(student.buffer().gradients().norm().item()).isPositive();
            double[] total = {0};
            try (Scope work = Scope.open()) {
                decoder.hidden(Ids.inputs(numbers.batch(0, 2), Device.CPU), Form.CHUNK, (layer, in, heads) -> {
                    Importance judged =
                            student.mixers().get(layer).importance(in).orElseThrow();
                    total[0] +=
                            judged.scores().sub(judged.target()).square().mean().item() / 3;
                });
            }
            assertThat(reported).isCloseTo(total[0], within(1e-5));
        }
    }

    private static Student student(Decoder decoder, Recipe recipe) {
        TreeMap<Integer, dev.lizard.mixer.MixerSpec> specs = new TreeMap<>();
        for (int layer = 0; layer < 3; layer++) {
            specs.put(layer, MixerSpecs.read(recipe.mixer(), decoder.headDims(), "tiny.yaml/mixer"));
        }
        return new Student(decoder, specs, 0);
    }

    @Test
    void slotsAreDrawnForEachStepAndAllComeBack() {
        Recipe recipe = Recipe.of(TinyTeacher.tree(RECIPE));
        StageRecipe stage = recipe.stages().get(1);
        try (Decoder decoder = TinyTeacher.untaught(64, 3);
                Student student = student(decoder, recipe)) {
            student.prepare(stage, "tiny.yaml/stages.1");
            student.seat(stage);
            RandomSlots varied =
                    new RandomSlots(student.objective(stage), student, stage.randomSlots(), 5, stage.name());
            List<Integer> drawn =
                    LongStream.range(0, 300).mapToObj(varied::drawn).toList();
            assertThat(drawn).allSatisfy(slots -> assertThat(slots).isBetween(2, 12));
            assertThat(drawn).contains(2, 3, 5, 12);
            assertThat(drawn.stream().filter(slots -> slots < 5).count()).isBetween(110L, 200L);
            for (long step : new long[] {0, 7}) {
                varied.begin(step);
                assertThat(decoder.mixer(1).spec().slots()).isEqualTo(varied.drawn(step));
            }
            student.slots(spec -> spec);
            assertThat(decoder.mixer(1).spec().slots()).isEqualTo(12);
            assertThat(student.mixers().get(2).spec().slots()).isEqualTo(12);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        slots: 12, score_hidden: 16, | slots: 0,             | stages.0/loss         | a mixer with slots
        sequence_length: 64          | sequence_length: 10   | sequence_length       | more than 10
        random_slots: [2, 12]        | random_slots: [2, 13] | stages.1/random_slots | at most 12
        checkpoint_every: 3          | random_slots: [2, 3]  | stages.2/random_slots | take it out
        """)
    void stagesThatCannotBeAreRefused(String there, String instead, String key, String remedy) {
        Recipe recipe = Recipe.of(TinyTeacher.tree(RECIPE.replace(there, instead)));
        try (Decoder decoder = TinyTeacher.untaught(64, 3)) {
            assertThatThrownBy(() -> SlotStages.require(
                            recipe,
                            List.of(MixerSpecs.read(recipe.mixer(), decoder.headDims(), "tiny.yaml/mixer")),
                            "tiny.yaml"))
                    .isInstanceOfSatisfying(
                            LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                    .hasMessageContaining("tiny.yaml/" + key)
                    .hasMessageContaining(remedy);
        }
    }

    @Test
    void aRangeOfSlotsHasTwoEnds() {
        for (String range : List.of("[3]", "[5, 4]", "[1, 2, 3]")) {
            assertThatThrownBy(() -> Recipe.of(TinyTeacher.tree(RECIPE.replace("[2, 12]", range))))
                    .hasMessageContaining("stages.1.random_slots")
                    .hasMessageContaining("expected the least and the most but found " + range);
        }
    }

    @Test
    void theBuiltInRecipeIsOfExactMemory() {
        Recipe recipe = Recipe.of(Recipes.find("lizard-exact", note -> {}));
        try (Decoder decoder = TinyTeacher.untaught(64, 3)) {
            SlotStages.require(
                    recipe,
                    List.of(MixerSpecs.read(recipe.mixer(), decoder.headDims(), "lizard-exact/mixer")),
                    "lizard-exact");
        }
    }
}
