package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.LizardException;
import dev.lizard.model.Decoder;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LiveTensors.class)
class FreshWeightsTest {
    private static final String QUERIES = "model.layers.0.self_attn.q_proj.weight";

    private static final String RECIPE = """
        name: tiny
        mixer: {mixer: gla, rank: 4}
        fresh: [q_proj, k_proj, v_proj]
        sequence_length: 64
        batch: 4
        held_out: {share: 0.2, tokens: 1024}
        stages:
          - name: logits
            loss: {type: kl}
            train: {mixer: all, base: [all, "!mlp"]}
            tokens: 1024
            learning_rate: 1e-3
        """;

    @TempDir
    static Path shared;

    @BeforeAll
    static void teacher() throws IOException {
        TinyTeacher.write(shared, 20);
        TinyTeacher.stories(shared, 40);
    }

    private static LinearizeResult run(String recipe, String out) {
        return new Linearizer(
                        TinyTeacher.tree(recipe),
                        "tiny.yaml",
                        TinyTeacher.options(shared, out, false),
                        TrainListener.NONE)
                .run(() -> false);
    }

    @Test
    void theyAreAsSpreadAsTheTeachersAndNotThose() {
        try (Decoder decoder = TinyTeacher.untaught(64, 2);
                Scope work = Scope.open()) {
            List<ParameterBuffer.Entry> fresh = FreshWeights.of(List.of("q_proj"), decoder, 3, "recipe/fresh");
            assertThat(fresh)
                    .extracting(ParameterBuffer.Entry::name)
                    .containsExactly(QUERIES, "model.layers.1.self_attn.q_proj.weight");
            for (ParameterBuffer.Entry entry : fresh) {
                Tensor own = decoder.weights().get(entry.name());
                double spread = own.square().mean().sqrt().item();
                assertThat(entry.initial().square().mean().sqrt().item()).isCloseTo(spread, within(0.1 * spread));
                double product = own.mul(entry.initial()).mean().item() / (spread * spread);
                assertThat(product).as("correlation").isCloseTo(0, within(0.15));
            }
            assertThat(FreshWeights.of(List.of("q_proj"), decoder, 3, "")
                            .getFirst()
                            .initial()
                            .floats())
                    .isEqualTo(fresh.getFirst().initial().floats());
        }
    }

    /** What is written is what was drawn, moved on by the stage, and not the teacher's. */
    @Test
    void aRunTrainsAndWritesThem() {
        LinearizeResult made = run(RECIPE, "fresh");
        try (OpenModel teacher = Models.open(shared.resolve("teacher"), DType.FLOAT32, Device.CPU);
                OpenModel student = Models.open(made.out(), DType.FLOAT32, Device.CPU);
                Scope work = Scope.open()) {
            Tensor before = teacher.decoder().weights().get(QUERIES);
            Tensor after = student.decoder().weights().get(QUERIES);
            double size = before.square().mean().item();
            assertThat(after.sub(before).square().mean().item()).isGreaterThan(size);
            Tensor drawn = FreshWeights.of(List.of("q_proj"), teacher.decoder(), 0, "")
                    .getFirst()
                    .initial();
            assertThat(after.sub(drawn).square().mean().item()).isPositive().isLessThan(0.1 * size);
        }
    }

    @Test
    void whatCannotBeDrawnAnewIsRefused() {
        assertRefused(
                RECIPE.replace("[q_proj, k_proj, v_proj]", "[norm]"),
                "weight that cannot be drawn anew in tiny.yaml/fresh: expected matrices of blocks, such as [q_proj] but"
                        + " found model.norm.weight; take it out");
        assertRefused(
                RECIPE.replace("[all, \"!mlp\"]", "[q_proj, k_proj]"),
                "weight that is drawn anew and never learns in tiny.yaml/fresh: expected weights that train.base of a"
                    + " stage names but found model.layers.0.self_attn.v_proj.weight; name it there, or take it out");
        String atMixers = RECIPE.replace("{type: kl}", "{type: mixing-matrix}")
                .replace("train: {mixer: all, base: [all, \"!mlp\"]}", "train: {mixer: all}");
        assertThatThrownBy(() -> run(atMixers, "refused"))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining(
                        "expected no loss at mixers beside it, which sees the teacher's projections; change one");
    }

    private static void assertRefused(String recipe, String message) {
        assertThatThrownBy(() -> run(recipe, "refused"))
                .isInstanceOf(LizardException.class)
                .hasMessage(message);
    }
}
