package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Documents that are kept apart teach what they teach alone, by every loss; and what a recipe may say of them. */
@ExtendWith(LiveTensors.class)
class DocumentsTest {
    private static final BooleanSupplier NEVER = () -> false;
    private static final int[] LENGTHS = {9, 70, 21};
    private static final int TOKENS = 100;
    private static final String APART = TinyTeacher.RECIPE
            .replace("10000", "1500")
            .replace("7000", "1500")
            .replace("batch: 4", "batch: 4\ndocuments: apart");

    @TempDir
    static Path shared;

    @BeforeAll
    static void teacher() throws IOException {
        TinyTeacher.write(shared, 5);
        TinyTeacher.stories(shared, 40);
    }

    private static StageRecipe stage(String loss, String more) {
        String train = loss.contains("attention") ? "{mixer: all}" : "{mixer: all, base: [layers]}";
        return Recipe.of(TinyTeacher.tree("""
            name: tiny
            mixer: {mixer: lizard}
            stages: [{name: only, loss: %s, train: %s, tokens: 1, learning_rate: 1e-3%s}]
            """.formatted(loss, train, more)))
                .stages()
                .getFirst();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{type: attention-output}; ''",
                "{type: attention-output, input: student}; ''",
                "{type: attention-weights}; ''",
                "{type: hidden-state}; ''",
                "{type: hidden-state, input: student}; ''",
                "{type: next-token}; ''",
                "{type: next-token}; ', recompute: true'",
                "{type: kl}; ''"
            })
    void eachLossOfPackedDocumentsIsThatOfTheDocumentsAlone(String loss, String more) {
        StageRecipe stage = stage(loss, more);
        SortedMap<Integer, MixerSpec> specs = new TreeMap<>();
        for (int layer = 0; layer < 2; layer++) {
            specs.put(layer, new LizardSpec(LizardSpec.Variant.JOINT, 6, 8, 2, 4, 64, LizardSpec.Branches.BOTH));
        }
        try (Decoder decoder = TinyTeacher.untaught(64, 3);
                Student student = new Student(decoder, specs, 0)) {
            student.prepare(stage, "tiny.yaml/stages.0");
            Tensor values = student.buffer().values();
            float[] noise = new RandomStream(3).normal((int) values.count(), 0.05);
            try (Gradients off = Gradients.off()) {
                values.add_(Tensors.of(noise, noise.length));
            }
            student.seat(stage);
            Objective objective = student.objective(stage);
            Batch plain = new Numbers(TOKENS, 64, 9).batch(0, 1);
            int[] documents = new int[TOKENS];
            double sum = 0;
            for (int first = 0, i = 0; i < LENGTHS.length; first += LENGTHS[i++]) {
                int end = first + LENGTHS[i];
                Arrays.fill(documents, first, end, first);
                Batch alone = new Batch(
                        1,
                        LENGTHS[i],
                        Arrays.copyOfRange(plain.inputs(), first, end),
                        Arrays.copyOfRange(plain.targets(), first, end));
                double share = (double) LENGTHS[i] / TOKENS;
                sum += share * objective.accumulate(alone, share).item();
            }
            float[] expected = student.buffer().gradients().floats();
            student.buffer().zeroGradients();
            Batch together = new Batch(1, TOKENS, plain.inputs(), plain.targets(), documents);
            double loss1 = objective.accumulate(together, 1).item();
            float[] found = student.buffer().gradients().floats();
            student.buffer().zeroGradients();
            double mixed = objective.accumulate(plain, 1).item();
            assertThat(loss1).isCloseTo(sum, within(1e-4 * sum));
            assertThat(mixed).as("of one text").isNotCloseTo(sum, within(1e-4 * sum));
            double difference = 0;
            double size = 0;
            for (int i = 0; i < found.length; i++) {
                difference = Math.max(difference, Math.abs(found[i] - expected[i]));
                size = Math.max(size, Math.abs(expected[i]));
            }
            assertThat(difference).isLessThan(1e-3 * size);
        }
    }

    private static Linearizer linearizer(String recipe, String out, boolean resume) {
        return linearizer(recipe, TinyTeacher.options(shared, out, resume));
    }

    private static Linearizer linearizer(String recipe, LinearizeOptions options) {
        return new Linearizer(TinyTeacher.tree(recipe), "tiny.yaml", options, TrainListener.NONE);
    }

    @Test
    void runsKeepDocumentsApartWhenTheyAreResumed() throws IOException {
        Path unbroken = linearizer(APART, "unbroken", false).run(NEVER).out();
        assertThat(unbroken.resolve("recipe.yaml")).content().contains("documents: \"apart\"");
        String together = APART.replace("apart", "together");
        Path other = linearizer(together, "together", false).run(NEVER).out();
        assertThat(Files.mismatch(unbroken.resolve("lizard.safetensors"), other.resolve("lizard.safetensors")))
                .isNotNegative();
        int[] asked = {0};
        assertThatThrownBy(() -> linearizer(APART, "stopped", false).run(() -> ++asked[0] == 7))
                .hasMessageContaining("interrupted");
        assertThatThrownBy(() -> linearizer(together, "stopped", true).run(NEVER))
                .isInstanceOf(LizardException.class)
                .hasMessageContainingAll("another configuration", "recipe.yaml/documents", "together", "apart");
        Path stopped = linearizer(APART, "stopped", true).run(NEVER).out();
        for (String file : List.of("lizard.safetensors", "adapter_model.safetensors")) {
            assertThat(stopped.resolve(file)).hasSameBinaryContentAs(unbroken.resolve(file));
        }
    }

    @Test
    void runsFromBeforeTheKeyGoOn() throws IOException {
        String recipe = APART.replace("documents: apart", "");
        int[] asked = {0};
        assertThatThrownBy(() -> linearizer(recipe, "older", false).run(() -> ++asked[0] == 2))
                .hasMessageContaining("interrupted");
        Path stored = shared.resolve("older/recipe.yaml");
        String written = Files.readString(stored);
        assertThat(written).contains("documents: \"together\"\n");
        Files.writeString(stored, written.replace("documents: \"together\"\n", ""));
        assertThat(linearizer(recipe, "older", true).run(NEVER).steps()).hasSize(12);
    }

    @Test
    void mixersThatKeepFirstTokensAreRefused() {
        String recipe = APART.replace("window: 8,", "window: 8, first: 2,");
        assertThatThrownBy(() -> linearizer(recipe, "first", false).run(NEVER))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContainingAll(
                        "documents that are not kept apart", "tiny.yaml/documents", "first=2", "of the student")
                .hasMessageContaining("set first to 0, or documents to together");
        assertThatThrownBy(() -> linearizer(recipe, "first", false).plan()).hasMessageContaining("tiny.yaml/documents");
    }

    @Test
    void oneDocumentCannotBeKeptApart() throws IOException {
        Path one = Files.writeString(shared.resolve("one.txt"), "once upon a time ".repeat(200));
        LinearizeOptions usual = TinyTeacher.options(shared, "one", false);
        LinearizeOptions options = new LinearizeOptions(
                usual.model(),
                List.of(one),
                List.of(),
                usual.out(),
                usual.cache(),
                usual.device(),
                usual.dtype(),
                usual.models(),
                false,
                "test",
                List.of("linearize", "--test"));
        assertThatThrownBy(() -> linearizer(APART, options).run(NEVER))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContainingAll(
                        "tiny.yaml", "documents has no effect", "the data to learn from are one document");
        assertThat(usual.out()).doesNotExist();
    }
}
