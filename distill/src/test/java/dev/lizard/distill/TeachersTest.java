package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelFolder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models that stages name as their teachers. */
@ExtendWith(LiveTensors.class)
class TeachersTest {
    private static final String RECIPE = TinyTeacher.RECIPE
            .replace("10000", "1500")
            .replace("7000", "1500")
            .replace("{type: next-token}", "{type: kl}\n    teacher: wide");

    @TempDir
    static Path shared;

    @BeforeAll
    static void models() throws IOException {
        TinyTeacher.write(shared, 100);
        TinyTeacher.stories(shared, 40);
        other("wide", 257, 48, 3);
        other("vocabulary", 300, 32, 2);
        other("twin", 257, 32, 2);
    }

    private static void other(String name, int vocabulary, int width, int layers) {
        try (Decoder decoder = Decoder.random(
                TinyTeacher.config(vocabulary, width, layers, 4, 2, 64),
                new RandomStream(5),
                DType.FLOAT32,
                Device.CPU)) {
            List<Path> tokenizer = List.of("tokenizer.json", "tokenizer_config.json").stream()
                    .map(shared.resolve("teacher")::resolve)
                    .filter(Files::exists)
                    .toList();
            AtomicFiles.FolderBody nothing = folder -> {};
            ModelFolder.write(
                    shared.resolve(name),
                    decoder,
                    new ModelFolder.Contents(Optional.empty(), Set.of(), tokenizer, Optional.empty(), nothing));
        }
    }

    private static Linearizer linearizer(String recipe, String out, boolean resume) {
        return new Linearizer(
                TinyTeacher.tree(recipe), "tiny.yaml", TinyTeacher.options(shared, out, resume), TrainListener.NONE);
    }

    @Test
    void anotherModelTeachesAndTheRunIsResumedToTheSameFolder() throws IOException {
        LinearizeResult whole = linearizer(RECIPE, "whole", false).run(() -> false);
        int[] asked = {0};
        assertThatThrownBy(() -> linearizer(RECIPE, "cut", false).run(() -> ++asked[0] == 9))
                .isInstanceOf(LizardException.class);
        Path cut = linearizer(RECIPE, "cut", true).run(() -> false).out();
        for (String file : List.of("lizard.safetensors", "adapter_model.safetensors")) {
            assertThat(cut.resolve(file)).hasSameBinaryContentAs(whole.out().resolve(file));
        }
        List<StepRecord> steps = whole.steps();
        assertThat(steps.getLast().loss()).isLessThan(steps.get(6).loss());
    }

    @Test
    void plansHoldItsWeights() {
        Plan own = linearizer(RECIPE.replace("\n    teacher: wide", ""), "plan", false)
                .plan();
        Plan others = linearizer(RECIPE, "plan", false).plan();
        long more = others.stages().get(1).memoryBytes() - own.stages().get(1).memoryBytes();
        assertThat(more).isBetween(4L * 257 * 48, 1L << 20);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        kl               | vocabulary | teacher of another vocabulary in tiny.yaml/stages.1/teacher: expected the student's 257 but found 300; choose a teacher with the same, or another loss
        hidden-state     | wide       | teacher of another number of layers in tiny.yaml/stages.1/teacher: expected the student's 2 but found 3
        kl               | nowhere    | nowhere
        """)
    void whatTheStudentCannotLearnFrom(String loss, String teacher, String message) {
        String recipe = RECIPE.replace("{type: kl}", "{type: %s}".formatted(loss))
                .replace("teacher: wide", "teacher: " + teacher);
        assertThatThrownBy(() -> linearizer(recipe, "refused", false).run(() -> false))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining(message);
        assertThat(shared.resolve("refused")).doesNotExist();
    }

    @Test
    void aTwinTeachesMixersToo() {
        String recipe = TinyTeacher.RECIPE
                .replace("10000", "1500")
                .replace("7000", "300")
                .replace("{type: attention-output}", "{type: attention-output}\n    teacher: twin");
        LinearizeResult result = linearizer(recipe, "twin-taught", false).run(() -> false);
        assertThat(result.steps().get(5).loss())
                .isLessThan(result.steps().getFirst().loss());
    }
}
