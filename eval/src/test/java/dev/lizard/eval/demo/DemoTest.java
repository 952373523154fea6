package dev.lizard.eval.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.distill.TrainListener;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.LayerError;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Sample;
import dev.lizard.eval.result.TaskScore;
import dev.lizard.eval.result.TrainingPoint;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A demo of a few steps on the built-in teacher: everything there, nothing good. */
class DemoTest {
    private static final List<String> MODELS =
            List.of("teacher", "freshly swapped", "after stage 1", "after stage 2", "without slots");
    private static final int LAYERS = 5;
    private static final int HEADS = 4;

    @TempDir
    static Path temp;

    private static final List<String> NOTES = new ArrayList<>();
    private static Path out;
    private static ResultSet results;

    private static Demo.Options options(Path out) {
        return options(out, false);
    }

    private static Demo.Options options(Path out, boolean resume) {
        List<String> command = List.of("lizard", "demo");
        return new Demo.Options(temp.resolve("teacher"), out, temp.resolve("cache"), resume, false, 3, "test", command);
    }

    private static DemoSize tiny() {
        List<String> recipe = List.of(
                "sequence_length=128",
                "batch=2",
                "held_out.share=0.2",
                "mixer.slots=24", // fewer than the sequences have
                "stages.1.random_slots=[8, 24]",
                "held_out.tokens=256",
                "stages.0.tokens=768",
                "stages.1.tokens=768");
        return new DemoSize(recipe, 0.3, 2, 2, 192, List.of(128, 256), 2, List.of(512L, 1_024L, 2_048L), 60, 200, 8);
    }

    @BeforeAll
    static void run() throws IOException {
        Files.createDirectories(temp.resolve("teacher"));
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
            try (InputStream in = DemoTest.class.getResourceAsStream("/demo/teacher/" + name)) {
                assertThat(in).as(name).isNotNull();
                Files.copy(in, temp.resolve("teacher").resolve(name));
            }
        }
        out = temp.resolve("out");
        TrainListener listener = new TrainListener() {
            @Override
            public void note(String line) {
                NOTES.add(line);
            }
        };
        results = Demo.run(options(out), tiny(), listener, () -> false);
    }

    @Test
    void everyModelHasItsRowInOrder() {
        assertThat(results.models()).extracting(ModelResult::name).isEqualTo(MODELS);
        assertThat(results.models()).allSatisfy(model -> {
            assertThat(model.bitsPerByte()).isPositive();
            assertThat(model.kl()).isNotNull();
            assertThat(model.agreement()).isBetween(0.0, 1.0);
        });
        assertThat(results.models()).extracting(ModelResult::tokens).containsExactly(null, 0L, 768L, 1536L, 1536L);
        assertThat(results.tasks().stream().map(TaskScore::model).distinct()).isEqualTo(MODELS);
        assertThat(results.positions().stream()
                        .filter(curve -> curve.metric().equals(PositionCurve.BITS_PER_BYTE))
                        .map(PositionCurve::model))
                .isEqualTo(MODELS);
    }

    @Test
    void theTrainingAndItsInsidesAreThere() {
        assertThat(results.training()).hasSize(6);
        assertThat(results.training().stream().map(TrainingPoint::stage).distinct())
                .containsExactly("Stage 1: what tokens are worth later", "Stage 2: next token");
        assertThat(results.layers())
                .hasSize(LAYERS)
                .allSatisfy(layer -> assertThat(layer.before()).isPositive().isNotEqualTo(layer.after()));
        assertThat(results.layers().stream().mapToDouble(LayerError::after).sum())
                .isLessThan(results.layers().stream()
                        .mapToDouble(LayerError::before)
                        .sum());
        assertThat(results.gates()).as("there is no linear branch").isEmpty();
    }

    @Test
    void recallAndCostAreMeasuredForTeacherAndStudent() {
        assertThat(results.recall())
                .extracting(Recall::model)
                .containsExactly(
                        "teacher", "teacher", "after stage 2", "after stage 2", "without slots", "without slots");
        assertThat(state("after stage 2"))
                .hasSize(3)
                .allMatch(state("after stage 2").getFirst()::equals);
        assertThat(state("teacher")).hasSize(3).doesNotHaveDuplicates().isSorted();
        assertThat(results.efficiency())
                .allSatisfy(row -> assertThat(row.decodeTokensPerSecond()).isPositive());
        assertThat(results.samples()).extracting(Sample::model).containsExactly("teacher", "after stage 2");
        assertThat(results.samples())
                .allSatisfy(sample -> assertThat(sample.prompt()).startsWith("\u2026"));
    }

    private static List<Long> state(String model) {
        return results.efficiency().stream()
                .filter(row -> row.model().equals(model))
                .map(Efficiency::stateBytes)
                .toList();
    }

    @Test
    void thePageNeedsNothingBesideIt() throws IOException {
        String page = Files.readString(out.resolve(Demo.PAGE));
        assertThat(page).doesNotContain("http", "<script", "<link", "<img", "src=", "@import", "url(");
        for (String part : List.of("models", "positions", "recall", "cost", "ablations", "training", "layers")) {
            assertThat(page).contains("<section id=\"" + part + "\">");
        }
        assertThat(page).contains(MODELS).contains("In its own words", "How to do it again");
        assertThat(ResultSet.read(out)).isEqualTo(results);
        assertThat(results.provenance())
                .containsEntry("seed", "3")
                .containsKeys("command", "teacher", "data", "hardware");
    }

    @Test
    void theModelIsThereAndTheStoryTold() {
        try (OpenModel model = Models.open(out.resolve(Demo.MODEL), DType.FLOAT32, Device.CPU)) {
            assertThat(model.converted()).isTrue();
        }
        assertThat(results.story())
                .hasSize(4)
                .allSatisfy(line -> assertThat(line).endsWith("."));
        assertThat(NOTES).anyMatch(line -> line.startsWith("after stage 1: "));
    }

    /** Stopped in each of both stages: what an unbroken demo finds, but for what the clock decides. */
    @Test
    void interruptedAndResumedFindsTheSame() throws IOException {
        Path broken = temp.resolve("broken");
        boolean resume = false;
        for (int stepsUntilStop : new int[] {4, 2}) { // the first question comes before the first step
            int[] asked = {0};
            boolean again = resume;
            assertThatThrownBy(() -> Demo.run(
                            options(broken, again), tiny(), TrainListener.NONE, () -> ++asked[0] >= stepsUntilStop))
                    .isInstanceOf(LizardException.class)
                    .hasMessageContaining("continue with --resume");
            resume = true;
        }
        ResultSet again = Demo.run(options(broken, true), tiny(), TrainListener.NONE, () -> false);
        assertThat(again.models()).isEqualTo(results.models());
        assertThat(again.positions()).isEqualTo(results.positions());
        assertThat(again.tasks()).isEqualTo(results.tasks());
        assertThat(again.recall()).isEqualTo(results.recall());
        assertThat(again.layers()).isEqualTo(results.layers());
        assertThat(again.gates()).isEqualTo(results.gates());
        assertThat(again.training()).isEqualTo(results.training());
        assertThat(again.samples()).isEqualTo(results.samples());
        for (String file : List.of("lizard.safetensors", "adapter_model.safetensors")) {
            assertThat(broken.resolve(Demo.MODEL).resolve(file))
                    .hasSameBinaryContentAs(out.resolve(Demo.MODEL).resolve(file));
        }
        assertThat(broken).isDirectoryNotContaining("glob:**exam.json").isDirectoryNotContaining("glob:**.lock");
        assertThat(Demo.run(options(broken, true), tiny(), TrainListener.NONE, () -> true))
                .as("complete")
                .isEqualTo(again);
    }

    @Test
    void aFolderOfOthersIsLeftAlone() throws IOException {
        Path other = Files.createDirectories(temp.resolve("other"));
        Path file = Files.writeString(other.resolve("notes.txt"), "mine");
        assertThatThrownBy(() -> Demo.run(options(other), tiny(), TrainListener.NONE, () -> false))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("output folder in use");
        assertThat(file).hasContent("mine");
    }
}
